import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { HttpPeer } from '../peer.ts'
import { urlAt } from './url-at.ts'

/** HAProxy before an API; its log comes as datagrams. */
export const haproxy: HttpPeer = {
  name: 'HAProxy',
  async start({ box, ports, apiPort }) {
    const [plain = 0, , tls = 0, , tlsOne = 0] = ports
    const statuses = new Map<number, number>()
    const logged = createSocket('udp4')
    logged.on('message', (bytes) => {
      const status = Number(/status=(\d{3})/.exec(bytes.toString())?.[1] ?? 0)
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    })
    logged.bind(0, '127.0.0.1')
    await once(logged, 'listening')
    logged.unref()
    box.write('both.pem', `${box.read(`${box.files}/cert.pem`)}\n${box.read(`${box.files}/key.pem`)}`, 0o600)
    const front = (name: string, port: number, tlsOptions = ''): string => `frontend ${name}
  bind 127.0.0.1:${port}${tlsOptions}
  http-request return status 413 if { path_beg /large }
  use_backend away if { path_beg /away }
  use_backend packed if { path_beg /packed }
  default_backend api
`
    const ssl = ` ssl crt ${box.inside}/both.pem alpn h2,http/1.1`
    // How many streams it takes at a time is a setting of a whole process.
    const configuration = (fronts: string, setting = ''): string => `global
  ${setting}
  log 127.0.0.1:${logged.address().port} local0
defaults
  mode http
  log global
  log-format "status=%ST"
  timeout connect 2s
  timeout client 30s
  timeout server 30s
  retries 0
${fronts}
backend api
  server api 127.0.0.1:${apiPort}
backend packed
  compression algo gzip
  compression type application/json
  server api 127.0.0.1:${apiPort}
backend away
  server away 127.0.0.1:9
`
    box.write('haproxy.cfg', configuration(front('plain', plain) + front('tls', tls, ssl)))
    box.write('one.cfg', configuration(front('one', tlsOne, ssl), 'tune.h2.max-concurrent-streams 1'))
    for (const file of ['haproxy.cfg', 'one.cfg'])
      box.start('haproxy', ['-db', '-f', `${box.inside}/${file}`])
    return {
      version: /version ([\d.]+)/.exec(await box.run('haproxy', ['-v']))?.[1] ?? '',
      urls: {
        'HTTP/1.1': urlAt(plain),
        'HTTP/2': urlAt(tls, 'https'),
        'HTTP/2 one stream': urlAt(tlsOne, 'https'),
        'HTTP/2 slow upstream': urlAt(tls, 'https', '/slow'),
        '413': urlAt(plain, 'http', '/large'),
        '502': urlAt(plain, 'http', '/away')
      },
      statuses: () => Promise.resolve(statuses),
      log: () => box.read(`${box.files}/HAProxy.log`)
    }
  }
}
