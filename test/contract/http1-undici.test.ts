import { contractOf } from './contract.ts'

contractOf('HTTP/1.1 by undici')
