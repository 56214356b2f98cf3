import { expect, test } from 'vitest'
import { recommend } from '../../electron/probe/recommendation.ts'
import type { ProbePort } from '../../shared/record/probe-record.ts'

const TLS = {
  version: 'TLSv1.3',
  cipher: 'x',
  verified: true,
  problem: null,
  subject: '',
  issuer: '',
  expires: ''
}
const BAD_TLS = { ...TLS, verified: false, problem: 'it expired on 2026-01-01' }

function port(number: number, change: Partial<ProbePort>): ProbePort {
  return {
    port: number,
    host: 'mail.example.com',
    state: 'smtp',
    rttMs: 1,
    banner: '',
    capabilities: [],
    capabilitiesAfterTls: [],
    starttls: true,
    auth: [],
    tls: TLS,
    alpn: null,
    turns: { cold: 9, warm: 2 },
    warnings: [],
    transcript: [],
    ...change
  }
}

const SUBMISSION = port(587, {})
const IMPLICIT = port(465, { state: 'tls-smtp', starttls: false, turns: { cold: 7, warm: 2 } })
const ALTERNATIVE = port(2525, {})
const RELAY = port(25, {})
const BLOCKED = port(587, { state: 'filtered', tls: null, starttls: false, turns: null })
const NO_TLS = port(587, { tls: null, starttls: false })

test.each<[string, ProbePort[], number | null, string | null, RegExp]>([
  [
    '587 with STARTTLS is the default',
    [RELAY, SUBMISSION, ALTERNATIVE],
    587,
    'starttls',
    /standard port for submission/
  ],
  [
    '465 costs fewer turns',
    [SUBMISSION, IMPLICIT],
    465,
    'tls',
    /7 turns here and 9 on port 587.*deprecated; RFC 8314 took that back/
  ],
  [
    '465 that costs as many turns does not replace 587',
    [SUBMISSION, port(465, { state: 'tls-smtp' })],
    587,
    'starttls',
    /587/
  ],
  [
    '465 with a bad certificate does not replace 587',
    [SUBMISSION, { ...IMPLICIT, tls: BAD_TLS }],
    587,
    'starttls',
    /587/
  ],
  ['465 replaces a 587 without TLS', [NO_TLS, IMPLICIT], 465, 'tls', /port 587 has no TLS/],
  ['465 alone', [IMPLICIT, BLOCKED], 465, 'tls', /RFC 8314 prefers/],
  [
    '2525 where 587 is blocked',
    [BLOCKED, ALTERNATIVE],
    2525,
    'starttls',
    /587 is filtered; 2525 with STARTTLS is the way around/
  ],
  ['25 only for want of anything else', [RELAY, BLOCKED], 25, 'starttls', /relaying between servers/],
  ['no TLS comes with a caution', [NO_TLS], 587, 'none', /Caution: it has no TLS/],
  [
    'a bad certificate comes with a caution',
    [port(587, { tls: BAD_TLS })],
    587,
    'starttls',
    /Caution: .*expired on 2026-01-01/
  ],
  [
    'a server that greets with a refusal is no choice',
    [port(587, { starttls: false, tls: null, turns: null }), ALTERNATIVE],
    2525,
    'starttls',
    /2525/
  ],
  [
    'nothing takes a session',
    [port(587, { starttls: false, tls: null, turns: null })],
    null,
    null,
    /\(587 refuses sessions\)/
  ],
  ['nothing answers', [BLOCKED], null, null, /no port answers as a mail server \(587 filtered\); a firewall/]
])('%s', (_sentence, ports, number, security, reason) => {
  const recommendation = recommend(ports)
  expect(recommendation).toMatchObject({ port: number, security })
  expect(recommendation.reason).toMatch(reason)
})
