/**
 * nodemailer and undici as bare loops, without any recording.
 * Usage: bare-library.ts nodemailer|nodemailer-starttls|undici HOST:PORT|URL COUNT CONCURRENCY; prints messages per second.
 */
import { createTransport } from 'nodemailer'
import { Pool } from 'undici'

const [client = '', target = '', count = '0', concurrency = '1'] = process.argv.slice(2)
const messages = Number(count)
const text = 'x'.repeat(1024)

async function inParallel(send: () => Promise<unknown>, total: number): Promise<void> {
  let left = total
  await Promise.all(
    Array.from({ length: Number(concurrency) }, async () => {
      while (left-- > 0) await send()
    })
  )
}

function sender(): { send: () => Promise<unknown>; close: () => Promise<void> | void } {
  if (client === 'undici') {
    const { origin, pathname } = new URL(target)
    const pool = new Pool(origin, { connections: Number(concurrency), pipelining: 1 })
    const headers = { 'content-type': 'application/octet-stream' }
    return {
      send: async () => {
        const { body } = await pool.request({ path: pathname, method: 'POST', headers, body: text })
        await body.text()
      },
      close: () => pool.close()
    }
  }
  const [host = '', port = ''] = target.split(':')
  const starttls = client === 'nodemailer-starttls'
  const common = {
    host,
    port: Number(port),
    secure: false,
    ignoreTLS: !starttls,
    tls: { rejectUnauthorized: false }
  }
  const transport = starttls
    ? createTransport(common)
    : createTransport({ ...common, pool: true, maxConnections: Number(concurrency), maxMessages: Infinity })
  return {
    send: () =>
      transport.sendMail({ from: 'bench@example.com', to: 'sink@example.com', subject: 'bench', text }),
    close: () => {
      transport.close()
    }
  }
}

const { send, close } = sender()
await inParallel(send, Math.min(messages, 500))
const start = performance.now()
await inParallel(send, messages)
console.log(messages / ((performance.now() - start) / 1000))
await close()
