/** What the template of a generic API may name between double braces. */
export const PLACEHOLDERS = ['from', 'to', 'subject', 'text', 'html', 'messageId'] as const

/** Anything between double braces. */
export const BRACED = /\{\{([^{}]*)\}\}/g
