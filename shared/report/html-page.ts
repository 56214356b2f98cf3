import { reportStyle } from './style.ts'

/** Nothing is loaded and nothing runs, whatever text a server managed to get into the page. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

/**
 * A report's page, which needs nothing else.
 * @param title markup, as the body
 * @param meta further lines of the head, each with its end
 */
export function htmlPage(title: string, body: string, meta = ''): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
${meta}<title>${title} – Chattermark</title>
<style>${reportStyle()}</style>
</head>
<body>
${body}
</body>
</html>
`
}
