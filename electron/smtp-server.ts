import { createRequire } from 'node:module'
import type * as Connection from 'smtp-server/lib/smtp-connection.js'
import type * as Stream from 'smtp-server/lib/smtp-stream.js'
import type * as Server from 'smtp-server'

// The package as CommonJS: its ES modules import Node's `http`, and node-http.ts says what that costs.
const required = createRequire(import.meta.url)

export type SMTPServer = Server.SMTPServer
export const { SMTPServer } = required('smtp-server') as typeof Server
export type SMTPConnection = Connection.SMTPConnection
export const { SMTPConnection } = required('smtp-server/lib/smtp-connection.js') as typeof Connection
export type SMTPStream = Stream.SMTPStream
export const { SMTPStream } = required('smtp-server/lib/smtp-stream.js') as typeof Stream
