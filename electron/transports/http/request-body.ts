import type { CallBody, FormField, HttpBody } from '../../../shared/providers/provider.ts'
import type { Content } from '../content.ts'

/** Writes the body of a call: urlencoded form, multipart form (RFC 7578) or JSON. */
export function renderBody(
  body: CallBody,
  kind: HttpBody,
  content: Content
): { contentType: string; bytes: Buffer } {
  if (body.kind === 'json') {
    return { contentType: 'application/json', bytes: Buffer.from(JSON.stringify(body.value)) }
  }
  if (kind === 'form') {
    return {
      contentType: 'application/x-www-form-urlencoded',
      bytes: Buffer.from(new URLSearchParams(body.fields.map(asPair)).toString())
    }
  }
  const boundary = `----chattermark-${content.runTag}`
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    bytes: Buffer.concat([
      ...body.fields.flatMap((field) => renderPart(field, boundary, content)),
      Buffer.from(`--${boundary}--\r\n`)
    ])
  }
}

function asPair(field: FormField): [string, string] {
  if ('value' in field) return [field.name, field.value]
  throw new TypeError(`the field "${field.name}" is a file, which a urlencoded form cannot carry`)
}

function renderPart(field: FormField, boundary: string, content: Content): Buffer[] {
  if ('value' in field) return [part(boundary, field.name, null, null), Buffer.from(`${field.value}\r\n`)]
  if ('wholeMessage' in field) {
    return [
      part(boundary, field.name, field.filename, 'message/rfc822'),
      content.mime.bytes,
      Buffer.from('\r\n')
    ]
  }
  const file = content.attachments[field.attachment]
  if (file === undefined) throw new RangeError(`the message has no attachment ${field.attachment}`)
  return [part(boundary, field.name, file.filename, file.contentType), file.content, Buffer.from('\r\n')]
}

function part(boundary: string, name: string, filename: string | null, contentType: string | null): Buffer {
  const file = filename === null ? '' : `; filename="${quoted(filename)}"`
  const type = contentType === null ? '' : `Content-Type: ${contentType}\r\n`
  return Buffer.from(
    `--${boundary}\r\nContent-Disposition: form-data; name="${quoted(name)}"${file}\r\n${type}\r\n`
  )
}

/** Escapes what would end a quoted name, the way browsers do. */
function quoted(text: string): string {
  return text.replace(/["\r\n]/g, encodeURIComponent)
}
