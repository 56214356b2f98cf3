/** What a server offers in its answer to EHLO, as far as a sender cares. */
export interface Dialect {
  /** Every keyword with its parameters, as heard. */
  readonly capabilities: string[]
  readonly pipelining: boolean
  readonly chunking: boolean
  readonly size: boolean
  readonly eightBitMime: boolean
  readonly smtpUtf8: boolean
  readonly starttls: boolean
  /** Names of SASL mechanisms, upper case. */
  readonly auth: readonly string[]
  /** Messages that one connection may carry (LIMITS MAILMAX, RFC 9422); null = not said. */
  readonly mailMax: number | null
}

/** What a server offers that knows only HELO. */
export const NO_EXTENSIONS: Dialect = parseDialect([])

/** Reads the keyword lines of an EHLO reply: without code, and without the first line, which only greets. */
export function parseDialect(capabilities: string[]): Dialect {
  const words = new Map<string, string[]>()
  for (const line of capabilities) {
    // Some servers still write AUTH=LOGIN, from before the standard.
    const [keyword = '', ...parameters] = line
      .trim()
      .replace(/^AUTH=/i, 'AUTH ')
      .toUpperCase()
      .split(/\s+/)
    words.set(keyword, [...(words.get(keyword) ?? []), ...parameters])
  }
  const mailMax = words
    .get('LIMITS')
    ?.map((limit) => /^MAILMAX=(\d{1,9})$/.exec(limit)?.[1])
    .find((value) => value !== undefined)
  return {
    capabilities,
    pipelining: words.has('PIPELINING'),
    chunking: words.has('CHUNKING'),
    size: words.has('SIZE'),
    eightBitMime: words.has('8BITMIME'),
    smtpUtf8: words.has('SMTPUTF8'),
    starttls: words.has('STARTTLS'),
    auth: words.get('AUTH') ?? [],
    mailMax: mailMax === undefined ? null : Math.max(1, Number(mailMax))
  }
}
