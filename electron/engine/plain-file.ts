import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { errorWords, RunError } from '../record/run-error.ts'

/**
 * Reads a small text file that a plan names. Only a real file counts: a device or a FIFO may never end, and a pseudo file
 * tells of this process, its whole environment among it.
 * @param what of which file the message speaks, JSON path first
 * @throws {RunError}
 */
export async function readPlainFile(path: string, mostBytes: number, what: string): Promise<string> {
  const refuse = (why: string): never => {
    throw new RunError(`${what} ${path} ${why}`)
  }
  // Without O_NONBLOCK, the opening of a FIFO alone waits until somebody writes to it.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch((error: unknown) =>
    refuse(`cannot be read (${errorWords(error)})`)
  )
  try {
    const seen = await file.stat()
    if (!seen.isFile()) refuse('is no regular file; a folder, a device or a FIFO is not read')
    if (seen.size > mostBytes) refuse(`has ${seen.size} bytes; at most ${mostBytes} are read`)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(mostBytes + 1), 0, mostBytes + 1, 0)
    // The system makes up a pseudo file as it is read, and says that it is empty.
    if (bytesRead > seen.size) refuse('is a pseudo file of the system, or grows while it is read')
    return buffer.toString('utf8', 0, bytesRead)
  } catch (error) {
    if (error instanceof RunError) throw error
    return refuse(`cannot be read (${errorWords(error)})`)
  } finally {
    await file.close()
  }
}
