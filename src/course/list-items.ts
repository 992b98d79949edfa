import type { Document } from './document.ts'
import { withoutBlankEnds } from './document.ts'

export interface ListItem {
  /** Index into the document's lines. */
  readonly line: number
  /** The item's Markdown without its marker and indentation. */
  readonly lines: readonly string[]
}

/** A block between two lines of the text: a list with its items, or anything else. */
export type Block =
  | { readonly kind: 'bullets' | 'numbers'; readonly line: number; readonly items: readonly ListItem[] }
  | { readonly kind: 'other'; readonly line: number }

/** The top-level blocks from line `from` to line `to`, exclusive. */
export function blocksBetween(document: Document, from: number, to: number): readonly Block[] {
  return document.tokens.flatMap((token, index): Block[] => {
    if (token.level !== 0 || !token.map || token.map[0] < from || token.map[0] >= to) return []
    const line = token.map[0]
    if (token.type === 'ordered_list_open')
      return [{ kind: 'numbers', line, items: itemsOf(document, index) }]
    if (token.type === 'bullet_list_open') return [{ kind: 'bullets', line, items: itemsOf(document, index) }]
    return [{ kind: 'other', line }]
  })
}

function itemsOf(document: Document, list: number): readonly ListItem[] {
  const rest = document.tokens.slice(list + 1)
  const end = rest.findIndex((token) => token.level === 0)
  return rest.slice(0, end).flatMap((token) => {
    if (token.type !== 'list_item_open' || token.level !== 1 || !token.map) return []
    const [line, to] = token.map
    return [{ line, lines: withoutMarker(document.lines.slice(line, to)) }]
  })
}

function withoutMarker(lines: readonly string[]): readonly string[] {
  const marker = /^\s*(?:\d+[.)]|[-*+])\s*/.exec(lines[0] ?? '')?.[0].length ?? 0
  const indented = new RegExp(`^ {0,${marker}}`)
  return withoutBlankEnds(
    lines.map((line, index) => (index === 0 ? line.slice(marker) : line.replace(indented, ''))),
  )
}
