import type { HttpPeer } from '../peer.ts'
import { statusesOf } from './access-log.ts'
import { urlAt } from './url-at.ts'

const MODULES = 'mpm_event authz_core proxy proxy_http ssl http2 socache_shmcb deflate filter'

/** Apache httpd as a gateway before an API. */
export const apache: HttpPeer = {
  name: 'Apache httpd',
  async start({ box, ports, apiPort }) {
    const [plain = 0, ten = 0, tls = 0, tlsTen = 0, tlsOne = 0] = ports
    const modules = MODULES.split(' ').map(
      (name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`
    )
    const secure = (port: number, limit = ''): string => `<VirtualHost 127.0.0.1:${port}>
  SSLEngine on
  SSLCertificateFile ${box.inside}/cert.pem
  SSLCertificateKeyFile ${box.inside}/key.pem
  Protocols h2 http/1.1
  ${limit}
</VirtualHost>
`
    box.write(
      'httpd.conf',
      `${modules.join('\n')}
ServerName apache.test
ServerRoot ${box.inside}
PidFile ${box.inside}/httpd.pid
ErrorLog ${box.inside}/error.log
LogFormat "%>s" short
CustomLog ${box.inside}/access.log short
${ports.map((port) => `Listen 127.0.0.1:${port}`).join('\n')}
MaxKeepAliveRequests 0
KeepAliveTimeout 30
SSLSessionCache none
Mutex file:${box.inside} default
ProxyPass /away/ http://127.0.0.1:9/
ProxyPass / http://127.0.0.1:${apiPort}/
<Location /packed/>
  SetOutputFilter DEFLATE
</Location>
<VirtualHost 127.0.0.1:${plain}>
</VirtualHost>
<VirtualHost 127.0.0.1:${ten}>
  MaxKeepAliveRequests 10
</VirtualHost>
${secure(tls)}${secure(tlsTen, 'MaxKeepAliveRequests 10')}${secure(tlsOne, 'H2MaxSessionStreams 1')}`
    )
    box.start('apache2', ['-f', `${box.inside}/httpd.conf`, '-DFOREGROUND'])
    return {
      version: /Apache\/([\d.]+)/.exec(await box.run('apache2', ['-v']))?.[1] ?? '',
      urls: {
        'HTTP/1.1': urlAt(plain),
        'HTTP/1.1 closed after 10': urlAt(ten),
        'HTTP/2': urlAt(tls, 'https'),
        'HTTP/2 gone after 10': urlAt(tlsTen, 'https'),
        'HTTP/2 one stream': urlAt(tlsOne, 'https'),
        'HTTP/2 slow upstream': urlAt(tls, 'https', '/slow'),
        '502': urlAt(plain, 'http', '/away'),
        gzip: urlAt(plain, 'http', '/packed')
      },
      statuses: () => statusesOf(box.outside(`${box.inside}/access.log`)),
      log: () => box.read(`${box.inside}/error.log`)
    }
  }
}
