import type { AddressInfo, Server } from 'node:net'

/**
 * Opens a server's port, and tells which it is.
 * @throws {Error} naming the address when it is taken, or none of this machine
 */
export function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(new Error(`the receiver cannot listen on ${host}:${port}: ${error.message}`))
    })
    server.listen({ host, port, backlog: 4096 }, () => {
      resolve((server.address() as AddressInfo).port)
    })
  })
}
