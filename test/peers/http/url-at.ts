/** Address of a port of this machine. */
export function urlAt(port: number, scheme = 'http', path = ''): string {
  return `${scheme}://127.0.0.1:${port}${path}`
}
