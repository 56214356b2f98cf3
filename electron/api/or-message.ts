import { RunError } from '../record/run-error.ts'

/** What comes of the work; or why nothing does, in one line. */
export async function orMessage<T>(work: () => Promise<T>): Promise<T | { ok: false; message: string }> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof RunError) return { ok: false, message: error.message }
    throw error
  }
}
