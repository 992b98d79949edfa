import { escapeControls } from './escape-controls.ts'
import type { Palette, Style } from './palette.ts'
import { graphemes, widthOf } from './width.ts'

/**
 * A piece of text in one style. Pages are made of spans and painted at the very end, so that measuring and wrapping
 * never meet an escape sequence, and no text can smuggle one in.
 */
export interface Span {
  readonly text: string
  readonly styles: readonly Style[]
}

/** One line on the screen. */
export type Line = readonly Span[]

/** What the functions of this folder accept as text. */
export type Text = string | Span | readonly (string | Span)[]

/** The only way to make a span: control characters in `text` become visible here. */
export function span(text: string, ...styles: readonly Style[]): Span {
  return { text: escapeControls(text), styles }
}

export function spans(text: Text): Line {
  if (typeof text === 'string') return [span(text)]
  return 'text' in text ? [text] : text.map((part) => (typeof part === 'string' ? span(part) : part))
}

/** The same text with these styles added. */
export function styled(text: Text, ...styles: readonly Style[]): Line {
  return spans(text).map((part) => ({ ...part, styles: [...part.styles, ...styles] }))
}

export function textOf(text: Text): string {
  return spans(text)
    .map((part) => part.text)
    .join('')
}

export function lineWidth(text: Text): number {
  return widthOf(textOf(text))
}

/** `text` padded with spaces to `width` columns. */
export function padded(text: Text, width: number, side: 'left' | 'right' = 'right'): Line {
  const space = span(' '.repeat(Math.max(0, width - lineWidth(text))))
  return side === 'right' ? [...spans(text), space] : [space, ...spans(text)]
}

/** `text` in at most `width` columns, with an ellipsis at its end if something was cut off. */
export function cut(text: string, width: number, { unicode }: Pick<Palette, 'unicode'>): string {
  if (widthOf(text) <= width) return text
  const ellipsis = unicode ? '…' : '...'
  let kept = ''
  let left = width - ellipsis.length
  for (const grapheme of graphemes(text)) {
    left -= widthOf(grapheme)
    if (left < 0) break
    kept += grapheme
  }
  return kept + ellipsis.slice(0, Math.max(0, width))
}

/** Lines as text for the terminal, without the spaces at the ends of lines. */
export function paintLines(lines: readonly Line[], palette: Palette): string {
  return lines.map((line) => paintLine(line, palette)).join('\n')
}

function paintLine(line: Line, palette: Palette): string {
  const parts = joined(line)
  const last = parts.findLastIndex((part) => part.text.trim() !== '')
  return parts
    .slice(0, last + 1)
    .map(({ text, styles }, index) => palette.paint(index === last ? text.trimEnd() : text, ...styles))
    .join('')
}

/** Merges neighbors with the same style: words painted separately would drown in escape sequences. */
function joined(line: Line): Line {
  const result: Span[] = []
  for (const part of line) {
    const last = result.at(-1)
    const isAlike = last?.styles.join() === part.styles.join()
    if (last && isAlike) result[result.length - 1] = { ...last, text: last.text + part.text }
    else result.push(part)
  }
  return result
}
