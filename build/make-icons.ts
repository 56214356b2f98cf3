/** Draws `icon.svg` in the sizes and containers that the packages need: `node build/make-icons.ts`. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { findBrowser } from '../test/support/browser.ts'

const PNG_SIZES = [16, 32, 48, 64, 128, 256, 512]
/** Apple's names of the sizes in an .icns file. */
const ICNS_TYPES = new Map([
  [128, 'ic07'],
  [256, 'ic08'],
  [512, 'ic09']
])
const folder = import.meta.dirname

const svg = readFileSync(join(folder, 'icon.svg'), 'utf8')
const browser = await chromium.launch({ executablePath: await findBrowser() })
const page = await browser.newPage()
const images = new Map<number, Buffer>()
for (const size of PNG_SIZES) {
  await page.setViewportSize({ width: size, height: size })
  await page.setContent(
    `<style>body{margin:0}svg{display:block;width:${size}px;height:${size}px}</style>${svg}`
  )
  images.set(size, await page.screenshot({ omitBackground: true }))
}
await browser.close()

mkdirSync(join(folder, 'icons'), { recursive: true })
for (const [size, png] of images) writeFileSync(join(folder, 'icons', `${size}x${size}.png`), png)
writeFileSync(join(folder, 'icon.ico'), ico(image(256)))
writeFileSync(join(folder, 'icon.icns'), icns())

function image(size: number): Buffer {
  const png = images.get(size)
  if (png === undefined) throw new Error(`no image of ${size} px`)
  return png
}

/** A Windows icon with one image of 256 px, which Windows scales itself. */
function ico(png: Buffer): Buffer {
  const header = Buffer.alloc(22)
  header.writeUInt16LE(1, 2)
  header.writeUInt16LE(1, 4)
  // Width and height 0 mean 256.
  header.writeUInt16LE(1, 10)
  header.writeUInt16LE(32, 12)
  header.writeUInt32LE(png.length, 14)
  header.writeUInt32LE(header.length, 18)
  return Buffer.concat([header, png])
}

/** An Apple icon: chunks of type, length and PNG. */
function icns(): Buffer {
  const chunks = [...ICNS_TYPES].map(([size, type]) => chunk(type, image(size)))
  return chunk('icns', Buffer.concat(chunks))
}

function chunk(type: string, content: Buffer): Buffer {
  const head = Buffer.alloc(8)
  head.write(type, 'latin1')
  head.writeUInt32BE(content.length + head.length, 4)
  return Buffer.concat([head, content])
}
