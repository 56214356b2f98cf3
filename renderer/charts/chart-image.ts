import type { ExportedFile } from '../../shared/page/ipc.ts'
import { type ChartColors, chartColors } from './chart-colors.ts'

const MARGIN = 24
const TITLE_HEIGHT = 30
const SVG_SCALE = 2
/** Side of a coloured square in a legend. */
const SWATCH = 11
/** What an SVG needs of its styles when it stands alone. */
const SVG_PROPERTIES = [
  'fill',
  'stroke',
  'stroke-width',
  'stroke-dasharray',
  'font-family',
  'font-size',
  'font-weight',
  'text-anchor',
  'opacity',
  'font-variant-numeric'
] as const

/** One picture of the result that can be saved. */
export interface ChartImage {
  title: string
  /** Draws it as it looks now, on the page's own surface. */
  draw: () => Promise<ExportedFile>
}

/** A chart.js canvas as a PNG: with its title, the legend of its lines and a background. */
export async function canvasImage(
  canvas: HTMLCanvasElement,
  title: string,
  fileName: string,
  legend: readonly { name: string; color: string; dash: number[] }[]
): Promise<ExportedFile> {
  const scale = canvas.width / Math.max(1, canvas.clientWidth)
  const legendHeight = legend.length * 18
  return compose(
    { width: canvas.clientWidth, height: canvas.clientHeight + legendHeight, scale },
    { title, fileName, colors: chartColors(document.body) },
    (context, colors) => {
      context.drawImage(canvas, 0, 0, canvas.clientWidth, canvas.clientHeight)
      legend.forEach(({ name, color, dash }, index) => {
        const y = canvas.clientHeight + 12 + index * 18
        context.strokeStyle = color
        context.lineWidth = 2
        context.setLineDash(dash)
        context.beginPath()
        context.moveTo(0, y)
        context.lineTo(28, y)
        context.stroke()
        context.fillStyle = colors.ink
        context.fillText(name, 36, y)
      })
    }
  )
}

/**
 * An SVG of the page as a PNG, its styles written into it.
 * @param legend what the shapes of a class mean
 */
export async function svgImage(
  svg: SVGSVGElement,
  title: string,
  fileName: string,
  legend: readonly { shapes: string; text: string }[]
): Promise<ExportedFile> {
  const { width, height } = svg.getBoundingClientRect()
  const copy = svg.cloneNode(true) as SVGSVGElement
  const originals = [...svg.querySelectorAll<SVGElement>('*')]
  copy.querySelectorAll<SVGElement>('*').forEach((element, index) => {
    const original = originals[index]
    if (original === undefined) return
    const style = getComputedStyle(original)
    for (const property of SVG_PROPERTIES) element.setAttribute(property, style.getPropertyValue(property))
  })
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  copy.setAttribute('width', String(width))
  copy.setAttribute('height', String(height))
  const image = new Image()
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`
  await image.decode()
  return compose(
    { width, height: height + 2 * SWATCH, scale: SVG_SCALE },
    { title, fileName, colors: chartColors(document.body) },
    (context, colors) => {
      context.drawImage(image, 0, 0, width, height)
      let x = 0
      for (const { shapes, text } of legend) {
        const shape = svg.querySelector(`.${shapes}`)
        if (shape === null) continue
        context.fillStyle = getComputedStyle(shape).fill
        context.fillRect(x, height + SWATCH, SWATCH, SWATCH)
        context.fillStyle = colors.ink
        context.fillText(text, x + 1.5 * SWATCH, height + 1.5 * SWATCH)
        x += context.measureText(text).width + 3.5 * SWATCH
      }
    }
  )
}

async function compose(
  size: { width: number; height: number; scale: number },
  about: { title: string; fileName: string; colors: ChartColors },
  draw: (context: OffscreenCanvasRenderingContext2D, colors: ChartColors) => void
): Promise<ExportedFile> {
  const { colors, title, fileName } = about
  const width = size.width + 2 * MARGIN
  const height = size.height + 2 * MARGIN + TITLE_HEIGHT
  const canvas = new OffscreenCanvas(Math.ceil(width * size.scale), Math.ceil(height * size.scale))
  const context = canvas.getContext('2d')
  if (context === null) throw new Error('This browser cannot draw the picture.')
  const { fontFamily } = getComputedStyle(document.body)
  context.scale(size.scale, size.scale)
  context.fillStyle = colors.surface
  context.fillRect(0, 0, width, height)
  context.fillStyle = colors.ink
  context.textBaseline = 'middle'
  context.font = `600 15px ${fontFamily}`
  context.fillText(title, MARGIN, MARGIN + TITLE_HEIGHT / 3)
  context.translate(MARGIN, MARGIN + TITLE_HEIGHT)
  context.font = `12px ${fontFamily}`
  draw(context, colors)
  const blob = await canvas.convertToBlob({ type: 'image/png' })
  const base64 = new Uint8Array(await blob.arrayBuffer()).toBase64()
  return { fileName, mimeType: 'image/png', base64 }
}
