/**
 * The host name by which a plan means the built-in sandbox, wherever it listens: `"host": "sandbox"` or
 * `"url": "https://sandbox"`. It is started for the run, its certificate is trusted, its passwords are known.
 */
export const SANDBOX_HOST = 'sandbox'
/** Where it takes submissions, and where its API is. */
export const SANDBOX_SMTP = { host: SANDBOX_HOST, port: 587, security: 'starttls' } as const
export const SANDBOX_URL = `https://${SANDBOX_HOST}`
