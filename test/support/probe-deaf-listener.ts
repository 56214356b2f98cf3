import { createServer, type AddressInfo } from 'node:net'

// A listener that never accepts: once its short queue is full, the kernel drops what comes, as a firewall does.
const server = createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
  process.send?.((server.address() as AddressInfo).port, () => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  })
})
