import { seriesStyle, THEME, type ThemeName } from '../page/palette.ts'

/** How many series colours there are before they begin again. */
export const SERIES_COUNT = 8

/** The report's whole style sheet; light and dark follow the reader's system, print is light. */
export function reportStyle(): string {
  return `${variables('light')}
@media screen and (prefers-color-scheme:dark){${variables('dark')}}
${BASE}${Array.from({ length: SERIES_COUNT }, (_, index) => `.s${index}{--series:var(--s${index})}`).join('')}`
}

function variables(theme: ThemeName): string {
  const parts = Object.entries(THEME).map(([part, color]) => `--${part}:${color[theme]}`)
  const series = Array.from(
    { length: SERIES_COUNT },
    (_, index) => `--s${index}:${seriesStyle(index).color[theme]}`
  )
  return `:root{color-scheme:${theme};${[...parts, ...series].join(';')}}`
}

const BASE = `
*{box-sizing:border-box}
body{margin:0 auto;padding:28px 26px 48px;max-width:1180px;background:var(--background);color:var(--ink);font:14px/1.45 Inter,system-ui,sans-serif;font-variant-numeric:tabular-nums}
h1{font-size:20px;margin:0 0 8px;letter-spacing:-.015em;overflow-wrap:anywhere}
h2{font-size:14px;margin:0 0 2px}
h3{font-size:13px;margin:16px 0 4px}
.chips{display:flex;gap:6px;flex-wrap:wrap;padding:0;margin:0;list-style:none}
.chips li{border:1px solid var(--line);background:var(--surface);border-radius:999px;padding:2px 9px;font-size:12px;color:var(--muted)}
.chips .warn{color:var(--warn);border-color:currentColor}
.verdict{font-size:17px;line-height:1.5;letter-spacing:-.008em;margin:18px 0;max-width:76ch;overflow-wrap:anywhere}
section{background:var(--surface);border:1px solid var(--line);border-radius:11px;padding:16px 18px;margin-bottom:14px;min-width:0}
section>p{margin:0 0 12px;color:var(--muted);font-size:13px;max-width:84ch}
.two{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(430px,100%),1fr));gap:0 14px}
.scroll{overflow-x:auto}
table{width:100%;border-collapse:collapse;font-size:13px}
th{font-weight:500;color:var(--muted);text-align:right;padding:4px 8px;border-bottom:1px solid var(--line);white-space:nowrap}
td{text-align:right;padding:7px 8px;border-bottom:1px solid var(--grid);white-space:nowrap}
th.text,td.text{text-align:left}
td.wrap{white-space:normal;overflow-wrap:anywhere;min-width:16em}
tr:last-child td{border-bottom:0}
.sub{color:var(--muted);font-size:12px}
.good{color:var(--good)}.bad{color:var(--bad)}
.legend{display:flex;flex-wrap:wrap;gap:4px 16px;font-size:12px;color:var(--muted);margin:10px 0 0;padding:0;list-style:none}
.legend .box{display:inline-block;width:11px;height:11px;border-radius:3px;margin-right:6px;vertical-align:-1px}
.swatch{display:inline-block;width:24px;height:10px;margin-right:8px;vertical-align:0}
svg{display:block;width:100%;height:auto}
svg.swatch{display:inline-block;width:24px}
.chart{max-width:640px}
.chart text{font:11px Inter,system-ui,sans-serif;fill:var(--muted)}
.chart .grid{stroke:var(--grid)}
.line{fill:none;stroke:var(--series);stroke-width:2;stroke-linejoin:round}
.point{fill:var(--series)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 18px;margin:0;font-size:13px}
dt{color:var(--muted)}dd{margin:0;overflow-wrap:anywhere}
summary{cursor:pointer;padding:4px 0}
h4{font-size:13px;font-weight:500;margin:10px 0 2px}
pre{margin:0;font:12px/1.5 ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere}
ul.notes{margin:0;padding-left:18px;font-size:13px}
footer{color:var(--muted);font-size:12px}
@media print{body{padding:0}section{break-inside:avoid}}
`
