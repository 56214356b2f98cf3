import type { Socket } from 'node:net'

/** Tells once when a socket is closed, and whether the peer had ended or reset it before. */
export function whenClosed(socket: Socket, closed: (byPeer: boolean) => void): void {
  let byPeer = false
  socket.once('end', () => (byPeer = true))
  socket.on('error', () => (byPeer = true))
  socket.once('close', () => {
    closed(byPeer)
  })
}
