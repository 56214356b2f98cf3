/** The request that the bare loops send over HTTP/1.1, with a body of so many bytes. */
export function bareRequest(bytes: number): Buffer {
  const body = 'x'.repeat(bytes)
  return Buffer.from(
    `POST /v3/example.com/messages HTTP/1.1\r\nHost: x\r\nContent-Length: ${bytes}\r\n\r\n${body}`
  )
}
