import { highlight } from '../terminal/highlight.ts'
import { palette } from '../terminal/palette.ts'
import type { OutputSpan } from './protocol.ts'

/** The terminal's colors as names; the style sheet says what they look like, for dark and light. */
const coloured = palette({ colours: true, unicode: true })

const known = new Map<string, Promise<string>>()

/** A code block as HTML, in the same colors as on the terminal. `info` is the text after the fence. */
export function codeHtml(code: string, info: string): Promise<string> {
  const key = `${info}\n${code}`
  const made = known.get(key) ?? makeHtml(code, info)
  known.set(key, made)
  return made
}

/** What was printed, in pieces, for pages that write it as text. */
export async function codeSpans(code: string, info: string): Promise<readonly (readonly OutputSpan[])[]> {
  const lines = await highlight(code, info, coloured)
  return lines.map((line) => line.map(({ text, styles }) => ({ text, looks: styles })))
}

async function makeHtml(code: string, info: string): Promise<string> {
  const lines = await codeSpans(code, info)
  return lines.map((line) => line.map(spanHtml).join('')).join('\n')
}

function spanHtml({ text, looks }: OutputSpan): string {
  if (looks.length === 0) return escapeHtml(text)
  return `<span class="${looks.map((look) => `t-${look}`).join(' ')}">${escapeHtml(text)}</span>`
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}
