import type { HttpPeer } from '../peer.ts'
import { statusesOf } from './access-log.ts'
import { urlAt } from './url-at.ts'

/** lighttpd before an API. */
export const lighttpd: HttpPeer = {
  name: 'lighttpd',
  debian: ['lighttpd', 'lighttpd-mod-openssl'],
  async start({ box, ports, apiPort }) {
    const [plain = 0, ten = 0, tls = 0] = ports
    box.write('docs/.keep', '')
    box.write('both.pem', `${box.read('/peer/cert.pem')}\n${box.read('/peer/key.pem')}`, 0o600)
    box.write(
      'lighttpd.conf',
      `server.modules = ( "mod_accesslog", "mod_proxy", "mod_openssl" )
server.bind = "127.0.0.1"
server.port = ${plain}
server.document-root = "/peer/docs"
server.errorlog = "/peer/error.log"
server.max-keep-alive-requests = 100000
server.feature-flags = ( "server.h2proto" => "enable" )
accesslog.filename = "/peer/access.log"
accesslog.format = "%s"
$HTTP["url"] =~ "^/large/" { server.max-request-size = 1 }
$HTTP["url"] =~ "^/away/" { proxy.server = ( "" => ( ( "host" => "127.0.0.1", "port" => 9 ) ) ) }
else $HTTP["url"] =~ "^/" { proxy.server = ( "" => ( ( "host" => "127.0.0.1", "port" => ${apiPort} ) ) ) }
$SERVER["socket"] == "127.0.0.1:${ten}" { server.max-keep-alive-requests = 9 }
$SERVER["socket"] == "127.0.0.1:${tls}" { ssl.engine = "enable" ssl.pemfile = "/peer/both.pem" }
`
    )
    box.start('lighttpd', ['-D', '-f', '/peer/lighttpd.conf'])
    return {
      version: /lighttpd\/([\d.]+)/.exec(await box.run('lighttpd', ['-v']))?.[1] ?? '',
      urls: {
        'HTTP/1.1': urlAt(plain),
        'HTTP/1.1 closed after 10': urlAt(ten),
        'HTTP/2': urlAt(tls, 'https'),
        '502': urlAt(plain, 'http', '/away')
      },
      statuses: () => statusesOf(box.outside('/peer/access.log')),
      log: () => box.read('/peer/error.log')
    }
  }
}
