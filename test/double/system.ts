import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { isReady } from './app.ts'
import { strict } from './problems.ts'

/** A test replaces these: `electronApp.evaluate(({ dialog }) => { dialog.showOpenDialog = … })`. */
export const dialog = strict('dialog', {
  showOpenDialog: (..._args: unknown[]) => Promise.resolve({ canceled: true, filePaths: [] as string[] }),
  showSaveDialog: (..._args: unknown[]) => Promise.resolve({ canceled: true, filePath: '' }),
  showMessageBox: (..._args: unknown[]) => Promise.resolve({ response: 0, checkboxChecked: false }),
  showErrorBox: (title: string, text: string) => {
    console.error(`[dialog.showErrorBox] ${title}: ${text}`)
  }
})

export const shell = strict('shell', {
  openExternal: (url: string) => {
    console.error(`[shell.openExternal] ${url}`)
    return Promise.resolve()
  }
})

// A fixed key: this is no protection, only something that can be sealed and opened again.
const KEY = Buffer.alloc(16, 7)
const MARK = 'v11'
/** `EDOUBLE_NO_KEYRING=1` plays a Linux without a keyring. */
const hasKeyring = (): boolean => process.env.EDOUBLE_NO_KEYRING !== '1'

export const safeStorage = strict('safeStorage', {
  isAsyncEncryptionAvailable: () => Promise.resolve(isReady()),
  getSelectedStorageBackend: (): 'gnome_libsecret' | 'basic_text' =>
    hasKeyring() ? 'gnome_libsecret' : 'basic_text',
  encryptStringAsync: (text: string) => {
    const iv = randomBytes(16)
    const cipher = createCipheriv('aes-128-cbc', KEY, iv)
    return Promise.resolve(
      Buffer.concat([Buffer.from(MARK), iv, cipher.update(text, 'utf8'), cipher.final()])
    )
  },
  decryptStringAsync: (sealed: Buffer) => {
    if (sealed.subarray(0, MARK.length).toString() !== MARK) {
      return Promise.reject(new Error('Error while decrypting the ciphertext.'))
    }
    const start = MARK.length + 16
    const decipher = createDecipheriv('aes-128-cbc', KEY, sealed.subarray(MARK.length, start))
    const result = Buffer.concat([decipher.update(sealed.subarray(start)), decipher.final()]).toString('utf8')
    return Promise.resolve({ shouldReEncrypt: false, result })
  }
})

const display = { id: 1, workArea: { x: 0, y: 0, width: 1920, height: 1040 } }
export const screen = strict(
  'screen',
  Object.assign(new EventEmitter(), { getAllDisplays: () => [display], getPrimaryDisplay: () => display })
)

const blockers = new Set<number>()
let lastBlocker = 0
export const powerSaveBlocker = strict('powerSaveBlocker', {
  start: (_kind: string) => {
    blockers.add(++lastBlocker)
    return lastBlocker
  },
  stop: (id: number) => blockers.delete(id),
  isStarted: (id: number) => blockers.has(id)
})
