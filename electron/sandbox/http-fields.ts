/** A field of a form. */
export interface Field {
  /** Its value, or the beginning of it: what is long is message text, which nobody looks at. */
  value: string
  isFile: boolean
}

/** Characters of a value that are kept. */
const VALUE_LIMIT = 8192

/**
 * The fields of a request body by their names in lower case, without decoding the long ones.
 * @returns null when the content type is none of form, multipart and JSON, or the body is not what it says
 */
export function readFields(contentType: string, body: Buffer): Map<string, Field> | null {
  if (contentType.startsWith('application/x-www-form-urlencoded')) return urlencodedFields(body)
  if (contentType.startsWith('multipart/form-data')) return multipartFields(contentType, body)
  if (contentType.startsWith('application/json')) return jsonFields(body)
  return null
}

function urlencodedFields(body: Buffer): Map<string, Field> {
  const fields = new Map<string, Field>()
  const text = body.toString('latin1')
  for (let at = 0; at < text.length;) {
    const amp = text.indexOf('&', at)
    const end = amp === -1 ? text.length : amp
    const equals = text.indexOf('=', at)
    if (equals !== -1 && equals < end) {
      const value = text.slice(equals + 1, end)
      fields.set(percentDecoded(text.slice(at, equals)).toLowerCase(), {
        value: value.length > VALUE_LIMIT ? value.slice(0, VALUE_LIMIT) : percentDecoded(value),
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

/** RFC 7578. */
function multipartFields(contentType: string, body: Buffer): Map<string, Field> | null {
  const boundary = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType)
  if (boundary === null) return null
  const delimiter = Buffer.from(`--${boundary[1] ?? boundary[2] ?? ''}`)
  const fields = new Map<string, Field>()
  for (let at = body.indexOf(delimiter); at !== -1;) {
    const start = at + delimiter.length
    const next = body.indexOf(delimiter, start)
    const headerEnd = body.indexOf('\r\n\r\n', start)
    if (next === -1 || headerEnd === -1 || headerEnd > next) break
    const header = body.toString('utf8', start, headerEnd)
    const name = /[;\s]name="([^"]*)"/i.exec(header)?.[1]
    const valueStart = headerEnd + 4
    if (name !== undefined) {
      fields.set(name.toLowerCase(), {
        value: body.toString('utf8', valueStart, Math.min(next - 2, valueStart + VALUE_LIMIT)),
        isFile: /[;\s]filename="/i.test(header)
      })
    }
    at = next
  }
  return fields
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
