import { contractOf } from './contract.ts'

contractOf('SMTP by wire')
