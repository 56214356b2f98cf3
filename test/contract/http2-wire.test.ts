import { contractOf } from './contract.ts'

contractOf('HTTP/2 by wire')
