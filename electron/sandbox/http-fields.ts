/** A field of a form. */
export interface Field {
  /** Its value, or the beginning of it: what is long is message text, which nobody looks at. */
  value: string
  isFile: boolean
}

/** Characters of a value that are kept where nobody wants the whole. */
const VALUE_LIMIT = 8192

/**
 * The fields of a request body by their names in lower case, without decoding the long ones.
 * @param limit characters of a value that are kept
 * @returns null when the content type is none of form, multipart and JSON, or the body is not what it says
 */
export function readFields(
  contentType: string,
  body: Buffer,
  limit = VALUE_LIMIT
): Map<string, Field> | null {
  if (contentType.startsWith('application/x-www-form-urlencoded')) return urlencodedFields(body, limit)
  if (contentType.startsWith('multipart/form-data')) return multipartFields(contentType, body, limit)
  if (contentType.startsWith('application/json')) return jsonFields(body)
  return null
}

function urlencodedFields(body: Buffer, limit: number): Map<string, Field> {
  const fields = new Map<string, Field>()
  const text = body.toString('latin1')
  for (let at = 0; at < text.length;) {
    const amp = text.indexOf('&', at)
    const end = amp === -1 ? text.length : amp
    const equals = text.indexOf('=', at)
    if (equals !== -1 && equals < end) {
      const value = text.slice(equals + 1, end)
      fields.set(percentDecoded(text.slice(at, equals)).toLowerCase(), {
        value: value.length > limit ? value.slice(0, limit) : percentDecoded(value),
        isFile: false
      })
    }
    at = end + 1
  }
  return fields
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}

/** The files of a multipart form, whole; none in another body. */
export function readFiles(
  contentType: string,
  body: Buffer
): { name: string; filename: string; content: Buffer }[] {
  const files: { name: string; filename: string; content: Buffer }[] = []
  if (!contentType.startsWith('multipart/form-data')) return files
  eachPart(contentType, body, (name, header, start, end) => {
    const filename = /[;\s]filename="([^"]*)"/i.exec(header)?.[1]
    if (filename !== undefined) files.push({ name, filename, content: body.subarray(start, end) })
  })
  return files
}

function multipartFields(contentType: string, body: Buffer, limit: number): Map<string, Field> | null {
  const fields = new Map<string, Field>()
  const isForm = eachPart(contentType, body, (name, header, start, end) => {
    fields.set(name.toLowerCase(), {
      value: body.toString('utf8', start, Math.min(end, start + limit)),
      isFile: /[;\s]filename="/i.test(header)
    })
  })
  return isForm ? fields : null
}

/** RFC 7578. @returns false when the content type names no boundary */
function eachPart(
  contentType: string,
  body: Buffer,
  onPart: (name: string, header: string, start: number, end: number) => void
): boolean {
  const boundary = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType)
  if (boundary === null) return false
  const delimiter = Buffer.from(`--${boundary[1] ?? boundary[2] ?? ''}`)
  for (let at = body.indexOf(delimiter); at !== -1;) {
    const start = at + delimiter.length
    const next = body.indexOf(delimiter, start)
    const headerEnd = body.indexOf('\r\n\r\n', start)
    if (next === -1 || headerEnd === -1 || headerEnd > next) break
    const header = body.toString('utf8', start, headerEnd)
    const name = /[;\s]name="([^"]*)"/i.exec(header)?.[1]
    if (name !== undefined) onPart(name, header, headerEnd + 4, next - 2)
    at = next
  }
  return true
}

function jsonFields(body: Buffer): Map<string, Field> | null {
  let value: unknown
  try {
    value = JSON.parse(body.toString('utf8'))
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null) return null
  return new Map(
    Object.entries(value).map(([name, field]: [string, unknown]) => [
      name.toLowerCase(),
      { value: typeof field === 'string' ? field : JSON.stringify(field), isFile: false }
    ])
  )
}
