/** Headers of every answer that carries a part of the page, from `serve` and from the desktop's own scheme alike. */
export function pageHeaders(connectSrc: string): Record<string, string> {
  return {
    'content-security-policy': `${contentSecurityPolicy(connectSrc)}; frame-ancestors 'none'`,
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin'
  }
}

/** The page's policy: its own scripts and styles, nothing inline, nothing from elsewhere. */
export function contentSecurityPolicy(connectSrc: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    `connect-src ${connectSrc}`,
    "base-uri 'none'",
    "form-action 'none'"
  ].join('; ')
}
