/**
 * The host name by which a plan means the built-in sandbox, wherever it listens: `"host": "sandbox"` or
 * `"url": "https://sandbox"`. It is started for the run, its certificate is trusted, its passwords are known.
 */
export const SANDBOX_HOST = 'sandbox'
