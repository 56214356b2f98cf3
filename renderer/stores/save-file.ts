import type { ExportedFile } from '../../shared/page/ipc.ts'
import type { AppState } from './app-state.svelte.ts'

/** Gives a file to the user: the desktop asks where to put it, a browser downloads it. */
export async function saveFile(app: AppState, file: ExportedFile): Promise<void> {
  await app.attempt(async () => {
    if (app.info?.mode === 'desktop') {
      const { fileName, base64 } = file
      const path = await app.client.call('file.save', { fileName, base64 })
      if (path !== null) app.toasts.info(`Saved ${path}`)
      return
    }
    download(file)
    app.toasts.info(`Saved ${file.fileName}`)
  })
}

/** A text's UTF-8 bytes as base64. */
export function textToBase64(text: string): string {
  return new TextEncoder().encode(text).toBase64()
}

function download({ fileName, mimeType, base64 }: ExportedFile): void {
  const url = URL.createObjectURL(new Blob([Uint8Array.fromBase64(base64)], { type: mimeType }))
  const link = document.createElement('a')
  link.href = url
  link.download = fileName
  link.click()
  // The browser reads the blob after the click: it is kept until that has surely begun.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
