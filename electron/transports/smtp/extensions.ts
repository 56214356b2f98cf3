/** What a server offers in its answer to EHLO, as far as a sender cares. */
export interface Extensions {
  /** Every keyword with its parameters, as heard. */
  readonly capabilities: string[]
  readonly pipelining: boolean
  readonly chunking: boolean
  readonly size: boolean
  /** Bytes that a message may have (RFC 1870); null = not said, or said to be without a fixed limit. */
  readonly sizeLimit: number | null
  readonly eightBitMime: boolean
  readonly smtpUtf8: boolean
  readonly starttls: boolean
  /** Names of SASL mechanisms, upper case. */
  readonly auth: readonly string[]
  /** Messages that one connection may carry (LIMITS MAILMAX, RFC 9422); null = not said. */
  readonly mailMax: number | null
}

/** What a server offers that knows only HELO. */
export const NO_EXTENSIONS: Extensions = parseExtensions([])

/** Reads the keyword lines of an EHLO reply: without code, and without the first line, which only greets. */
export function parseExtensions(capabilities: string[]): Extensions {
  const words = new Map<string, string[]>()
  for (const line of capabilities) {
    // Some servers still write AUTH=LOGIN, from before the standard, and some write both or SIZE=1000.
    const [keyword = '', ...parameters] = line
      .trim()
      .replace(/^(AUTH|SIZE)=/i, '$1 ')
      .toUpperCase()
      .split(/\s+/)
    words.set(keyword, [...new Set([...(words.get(keyword) ?? []), ...parameters])])
  }
  const mailMax = words
    .get('LIMITS')
    ?.map((limit) => /^MAILMAX=(\d{1,9})$/.exec(limit)?.[1])
    .find((value) => value !== undefined)
  const sizeLimit = words.get('SIZE')?.find((value) => /^[1-9]\d{0,14}$/.test(value))
  return {
    capabilities,
    pipelining: words.has('PIPELINING'),
    chunking: words.has('CHUNKING'),
    size: words.has('SIZE'),
    sizeLimit: sizeLimit === undefined ? null : Number(sizeLimit),
    eightBitMime: words.has('8BITMIME'),
    smtpUtf8: words.has('SMTPUTF8'),
    starttls: words.has('STARTTLS'),
    auth: words.get('AUTH') ?? [],
    mailMax: mailMax === undefined ? null : Math.max(1, Number(mailMax))
  }
}
