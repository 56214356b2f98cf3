import { expect, test } from 'vitest'
import { socketFailure } from '../../electron/transports/connect/failure.ts'

test.each([
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls.caFile'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls.caFile'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls.serverName'],
  ['CERT_HAS_EXPIRED', 'a new one']
])('no advice gives verification up for a refused certificate: %s', (code, advice) => {
  const { sample } = socketFailure(Object.assign(new Error('refused'), { code }), 'tls', 'localhost:465')
  expect(sample).toContain(advice)
  expect(sample).not.toContain('verify')
})
