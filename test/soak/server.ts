import { once } from 'node:events'
import { startCli } from '../support/cli.ts'

/** The built-in servers in a process of their own, always on the same ports, that can be killed and brought back. */
export class MortalServer {
  smtpPort = 0
  apiPort = 0
  #process: ReturnType<typeof startCli> | null = null

  /** Starts; tries again while the ports of a killed one are still taken. */
  async start(): Promise<void> {
    for (let attempt = 0; attempt < 20; attempt++) {
      const ports = ['--smtp-port', String(this.smtpPort), '--api-port', String(this.apiPort)]
      const child = startCli(['sandbox', '--format', 'json', ...ports])
      this.#process = child
      let text = ''
      for await (const chunk of child.stdout ?? []) {
        text += String(chunk)
        if (!text.trimEnd().endsWith('}')) continue
        const facts = JSON.parse(text) as { smtpPort: number; apiUrl: string }
        this.smtpPort = facts.smtpPort
        this.apiPort = Number(new URL(facts.apiUrl).port)
        return
      }
      await new Promise((resolve) => setTimeout(resolve, 250))
    }
    throw new Error('the servers do not start')
  }

  async kill(): Promise<void> {
    const child = this.#process
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }
}
