import { serveApp } from '../serve/serve-app.ts'
import { CommandError, EXIT } from './exit.ts'
import { print, printJson, say, type Format } from './output.ts'
import { untilSignalled } from './signals.ts'

export interface ServeCommand {
  /** 0 = any free port. */
  port: number
  format: Format
}

/** `chattermark serve`: the app in a browser, until a signal ends it. */
export async function serve({ port, format }: ServeCommand): Promise<void> {
  const serving = await serveApp(port).catch((error: unknown) => {
    const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
    const reason = error instanceof Error ? error.message : String(error)
    throw new CommandError(
      EXIT.couldNotRun,
      taken ? `port ${port} is taken; name another with --port` : reason
    )
  })
  // From here on: who reads where it is may end it at once.
  const signalled = untilSignalled()
  if (format === 'json') printJson({ url: serving.url })
  else print(serving.url)
  say('Open this address in a browser on this machine. Ctrl-C ends it.')
  await signalled
  await serving.close()
}
