import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { nowUs } from '../clock.ts'
import type { SocketMeter } from '../socket-meter.ts'
import type { Endpoint } from './endpoint.ts'
import { meterForNodemailer } from './nodemailer-meter.ts'

/** Hears what becomes of a socket. */
export interface SocketOwner {
  onOpened(socket: Socket): void
  /** It could not be opened. */
  onFailed(error: Error): void
  /** The peer has hung up, and nobody had asked it to. */
  onPeerClosed(socket: Socket): void
  onGone(socket: Socket): void
}

/** Opens a metered socket for nodemailer, TLS included where it is implicit, and keeps the client's counts of it. */
export function openNodemailerSocket(endpoint: Endpoint, meter: SocketMeter, owner: SocketOwner): Socket {
  const { stats, options } = endpoint
  const target = { ...endpoint.target(), noDelay: true }
  const isTls = options.transport.security === 'tls'
  const socket = isTls ? connectTls({ ...endpoint.tlsOptions(), ...target }) : connectTcp(target)
  meterForNodemailer(socket, meter)
  const startedUs = nowUs()
  let state: 'opening' | 'open' | 'ended' = 'opening'
  const watched = {
    sweep(now: number) {
      if (state === 'opening' && now - startedUs > options.timeoutMs * 1000) {
        socket.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' }))
      }
    },
    destroy: () => socket.destroy()
  }
  const uncount = (): void => {
    if (state === 'open') stats.open--
    state = 'ended'
  }
  endpoint.watch(watched)
  socket.once(isTls ? 'secureConnect' : 'connect', () => {
    state = 'open'
    stats.opened++
    stats.open++
    stats.maxOpen = Math.max(stats.maxOpen, stats.open)
    endpoint.reached(socket)
    owner.onOpened(socket)
  })
  socket.on('error', (error: Error) => {
    if (state !== 'opening') return
    state = 'ended'
    endpoint.notReached()
    owner.onFailed(error)
  })
  socket.once('end', () => {
    if (state === 'open' && !socket.writableEnded) owner.onPeerClosed(socket)
  })
  // A side that has said all it will say no longer counts as open, as with the wire client's QUIT.
  socket.once('finish', uncount)
  socket.once('close', () => {
    uncount()
    endpoint.unwatch(watched)
    owner.onGone(socket)
  })
  return socket
}
