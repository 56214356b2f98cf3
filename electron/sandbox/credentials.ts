/**
 * Login of the built-in servers. These are no secrets: the servers listen on this machine only, keep
 * nothing, and exist for as long as the run does.
 */
export const SANDBOX_USER = 'sandbox'
export const SANDBOX_PASSWORD = 'not-a-secret'
export const SANDBOX_API_KEY = 'key-not-a-secret'
/** The domain that the built-in API sends for. */
export const SANDBOX_DOMAIN = 'example.com'
