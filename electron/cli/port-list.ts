import { InvalidArgumentError } from 'commander'

/**
 * Reads `--ports 25,465,587,2525`.
 * @throws {InvalidArgumentError} that says which of them is wrong
 */
export function portList(text: string): number[] {
  const ports = text.split(',').map((part) => {
    const port = Number(part.trim())
    if (part.trim() === '' || !Number.isInteger(port) || port < 1 || port > 65_535) {
      throw new InvalidArgumentError(
        `found ${JSON.stringify(part.trim())}; needed are ports from 1 to 65535, with commas between them, like 587,465.`
      )
    }
    return port
  })
  return [...new Set(ports)]
}
