/** Why a run could not start or go on, in words for a person. Its text never holds a secret. */
export class RunError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'RunError'
  }
}
