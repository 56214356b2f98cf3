/**
 * Whether a host is this machine itself, judged by its name or address alone: nothing is resolved. Unusual
 * spellings of loopback addresses count as remote, which costs a question and never a message.
 */
export function isLoopbackHost(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase()
  if (/^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name)) return true
  return name === '::1' || /(^|\.)localhost\.?$/.test(name)
}
