/**
 * `npm run picture`: what `eventlings check` says about the starter of lesson 02, drawn from its real output for the
 * README.
 */
import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { projectRoot } from '../../src/common/own-folder.ts'
import { widthOf } from '../../src/terminal/index.ts'

const root = projectRoot()
const command = ['check', '02', '--starter']
async function output(): Promise<string> {
  const env = {
    ...process.env,
    FORCE_COLOR: '1',
    NO_COLOR: undefined,
    LANG: 'C.UTF-8',
    EVENTLINGS_REDIS: 'binary',
  }
  return await new Promise((resolve) => {
    // It exits with 1, because the starter doesn't pass; its output is what we want.
    execFile(process.execPath, [join(root, 'src', 'cli', 'eventlings.mjs'), ...command], { env }, (_, text) =>
      resolve(text),
    )
  })
}

const COLUMN = 8.4
const ROW = 18
const PADDING = 16
const COLOURS: Readonly<Record<string, string>> = {
  31: '#ff7b72',
  32: '#7ee787',
  33: '#e3b341',
  34: '#79c0ff',
  35: '#d2a8ff',
  36: '#76e3ea',
  90: '#8b949e',
}

/** The program uses only colors and bold of what a terminal can do. */
function draw(text: string): string {
  const lines = text.trimEnd().split('\n')
  const columns = Math.max(...lines.map((line) => widthOf(line.replace(escapes, ''))))
  const [width, height] = [Math.ceil(columns * COLUMN) + 2 * PADDING, lines.length * ROW + 2 * PADDING]
  const rows = lines.map(
    (line, index) => `<text x="${PADDING}" y="${PADDING + (index + 0.75) * ROW}">${row(line)}</text>`,
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>What the check says about the starter of lesson 02</title>
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="14" fill="#e6edf3" xml:space="preserve">
${rows.join('\n')}
</g>
</svg>
`
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is looked for
const escapes = /\x1b\[([\d;]*)m/g

function row(line: string): string {
  let [colour, bold, dim] = [undefined as string | undefined, false, false]
  return line
    .split(escapes)
    .map((part, index) => {
      if (index % 2 === 0) return part === '' ? '' : span(part, colour, bold, dim)
      for (const code of part.split(';')) {
        if (code === '1') bold = true
        else if (code === '2') dim = true
        else if (code === '22' || code === '0' || code === '') [bold, dim] = [false, false]
        if (code === '39' || code === '0' || code === '') colour = undefined
        else colour = COLOURS[code] ?? colour
      }
      return ''
    })
    .join('')
}

function span(text: string, colour: string | undefined, bold: boolean, dim: boolean): string {
  // Browsers collapse spaces, even where they're told not to.
  const safe = text
    .replaceAll(' ', '\u00a0')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
  const attributes = [
    colour && `fill="${colour}"`,
    bold && 'font-weight="bold"',
    dim && 'opacity="0.7"',
  ].filter(Boolean)
  return `<tspan${attributes.map((attribute) => ` ${attribute}`).join('')}>${safe}</tspan>`
}

const folder = join(root, '.github')
await mkdir(folder, { recursive: true })
await writeFile(join(folder, 'check.svg'), draw(`$ npx eventlings ${command.join(' ')}\n\n${await output()}`))
