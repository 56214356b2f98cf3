import { createServer } from 'node:net'

/** Below the ports that systems give to whoever asks for any: no connection and no other server comes by one of these. */
const [LOWEST, COUNT] = [20_000, 10_000]

/** A port that is free on loopback, and stays so until a program that is started for it listens there. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * COUNT)
    if (await isFree(port)) return port
  }
}

function isFree(port: number): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
