import type { HttpPeer } from '../peer.ts'
import { statusesOf } from './access-log.ts'
import { urlAt } from './url-at.ts'

const OK = `'{"id":"<1@nginx.test>","message":"Queued. Thank you."}'`

/** nginx, which answers itself or for an API, with every limit that it can set on a connection. */
export const nginx: HttpPeer = {
  name: 'nginx',
  async start({ box, ports, apiPort }) {
    const [plain = 0, ten = 0, tls = 0, tlsTen = 0, tlsOne = 0] = ports
    box.write(
      'nginx.conf',
      `worker_processes 1;
pid ${box.inside}/nginx.pid;
error_log ${box.inside}/error.log info;
events { worker_connections 512; }
http {
  log_format short '$status';
  access_log ${box.inside}/access.log short;
  client_body_temp_path ${box.inside}/body;
  proxy_temp_path ${box.inside}/proxy;
  fastcgi_temp_path ${box.inside}/fastcgi;
  uwsgi_temp_path ${box.inside}/uwsgi;
  scgi_temp_path ${box.inside}/scgi;
  default_type application/json;
  keepalive_requests 100000;
  ssl_certificate ${box.inside}/cert.pem;
  ssl_certificate_key ${box.inside}/key.pem;
  client_max_body_size 50m;
  gzip_types application/json;
  gzip_min_length 1;
  server { listen 127.0.0.1:${plain};
    location /v3/ { return 200 ${OK}; }
    location /large/ { client_max_body_size 1k; proxy_pass http://127.0.0.1:9; }
    location /away/ { proxy_pass http://127.0.0.1:9; }
    location /packed/ { gzip on; default_type application/json; return 200 ${OK}; }
  }
  server { listen 127.0.0.1:${ten}; keepalive_requests 10; location / { return 200 ${OK}; } }
  server { listen 127.0.0.1:${tls} ssl http2;
    location / { return 200 ${OK}; }
    location /slow/ { proxy_pass http://127.0.0.1:${apiPort}; }
  }
  server { listen 127.0.0.1:${tlsTen} ssl http2; keepalive_requests 10; location / { return 200 ${OK}; } }
  server { listen 127.0.0.1:${tlsOne} ssl http2; http2_max_concurrent_streams 1; location / { return 200 ${OK}; } }
}
`
    )
    box.start('nginx', ['-c', `${box.inside}/nginx.conf`, '-g', 'daemon off;'])
    return {
      version: /nginx\/([\d.]+)/.exec(await box.run('nginx', ['-v']))?.[1] ?? '',
      urls: {
        'HTTP/1.1': urlAt(plain),
        'HTTP/1.1 closed after 10': urlAt(ten),
        'HTTP/2': urlAt(tls, 'https'),
        'HTTP/2 gone after 10': urlAt(tlsTen, 'https'),
        'HTTP/2 one stream': urlAt(tlsOne, 'https'),
        'HTTP/2 slow upstream': urlAt(tls, 'https', '/slow'),
        '413': urlAt(plain, 'http', '/large'),
        '502': urlAt(plain, 'http', '/away'),
        gzip: urlAt(plain, 'http', '/packed')
      },
      statuses: () => statusesOf(box.outside(`${box.inside}/access.log`)),
      log: () => box.read(`${box.inside}/error.log`)
    }
  }
}
