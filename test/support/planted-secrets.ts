import { randomBytes } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { SPELLINGS } from './spellings.ts'

/** A secret that nothing else contains, with characters that JSON, HTML and addresses spell in their own ways. */
export function plantedSecret(kind: string): string {
  return `Planted"<&+%/${kind}-${randomBytes(9).toString('hex')}`
}

const base64 = (text: string): string => Buffer.from(text).toString('base64').replace(/=+$/, '')

/** Every spelling of a secret that could give it away, by name. */
export function spellings(secret: string, users: readonly string[]): Record<string, string> {
  return {
    'its unique part': /[0-9a-f]{18}$/.exec(secret)?.[0] ?? secret,
    ...Object.fromEntries(Object.entries(SPELLINGS).map(([how, spell]) => [how, spell(secret)])),
    ...Object.fromEntries(
      users.flatMap((user) => [
        [`AUTH PLAIN of ${user}`, base64(`\0${user}\0${secret}`)],
        [`XOAUTH2 of ${user}`, base64(`user=${user}\x01auth=Bearer ${secret}\x01\x01`)],
        [`Basic of ${user}`, base64(`${user}:${secret}`)]
      ])
    )
  }
}

/** Where in some named texts a secret can be found: `NAME holds KIND SPELLING`; empty when nowhere. */
export function findSecrets(
  texts: ReadonlyMap<string, string>,
  secrets: Readonly<Record<string, string>>,
  users: readonly string[]
): string[] {
  return [...texts].flatMap(([name, text]) =>
    Object.entries(secrets).flatMap(([kind, secret]) =>
      Object.entries(spellings(secret, users)).flatMap(([spelling, form]) =>
        text.includes(form) ? [`${name} holds ${kind} ${spelling}`] : []
      )
    )
  )
}

/** Every file below a folder with its content, links not followed. */
export function filesBelow(folder: string): Map<string, string> {
  const files = new Map<string, string>()
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, name)
    if (lstatSync(path).isFile()) files.set(name, readFileSync(path, 'latin1'))
  }
  return files
}
