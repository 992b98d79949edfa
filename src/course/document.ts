import type { Token } from 'markdown-it'
import { parseMarkdown } from '../markdown/parse.ts'
import { isNote } from '../markdown/tokens.ts'
import { BadLessonError } from './errors.ts'

/** Markdown, parsed once: its tokens, its sections, and what's needed to report the place of an error. */
export interface Document {
  /** Relative to the project's folder, for messages. */
  readonly file: string
  readonly lines: readonly string[]
  /** The line in the file of `lines[0]`, counted from 1: the front matter comes before it. */
  readonly firstLine: number
  readonly tokens: readonly Token[]
  readonly sections: readonly Section[]
}

/** A top-level heading with the text below it; line numbers are indices into `lines`. */
export interface Section {
  readonly level: number
  /** Markdown, without the number signs. */
  readonly title: string
  readonly heading: number
  /** The first line below the heading. */
  readonly from: number
  /** Where the next section of the same or a higher level begins, exclusive. */
  readonly to: number
}

export async function parseDocument(file: string, markdown: string, firstLine: number): Promise<Document> {
  const lines = markdown.split('\n')
  const tokens = await parseMarkdown(markdown)
  return { file, firstLine, lines, tokens, sections: sectionsIn(tokens, lines.length) }
}

/** In the order of their headings; number signs in code don't start headings. */
function sectionsIn(tokens: readonly Token[], end: number): readonly Section[] {
  const headings = tokens.flatMap((token, index) => {
    if (token.type !== 'heading_open' || token.level !== 0 || !token.map) return []
    const [heading, from] = token.map
    return [{ level: Number(token.tag.slice(1)), title: tokens[index + 1]?.content ?? '', heading, from }]
  })
  return headings.map((section, index) => {
    const next = headings.slice(index + 1).find(({ level }) => level <= section.level)
    return { ...section, to: next?.heading ?? end }
  })
}

/** The top-level blocks that begin between two lines, `to` exclusive, with everything in them. */
export function tokensBetween({ tokens }: Document, from: number, to: number): readonly Token[] {
  let isInside = false
  return tokens.filter(({ level, nesting, map }) => {
    if (level === 0 && nesting !== -1) isInside = map !== null && map[0] >= from && map[0] < to
    return isInside
  })
}

/** The lines from `from` to `to`, exclusive, without blank ones at either end. */
export function textBetween(document: Document, from: number, to: number): string {
  return withoutBlankEnds(document.lines.slice(from, to)).join('\n')
}

export function withoutBlankEnds(lines: readonly string[]): readonly string[] {
  const first = lines.findIndex((line) => line.trim() !== '')
  const last = lines.findLastIndex((line) => line.trim() !== '')
  return first === -1 ? [] : lines.slice(first, last + 1)
}

/** An error at a line of the text, given as an index into `lines`. */
export function mistake(document: Document, field: string, line: number, problem: string): BadLessonError {
  return new BadLessonError(document.file, field, problem, document.firstLine + line)
}

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

/** The top-level blocks from line `from` to line `to`, exclusive, without speaker notes. */
export function blocksBetween(document: Document, from: number, to: number): readonly Block[] {
  return document.tokens.flatMap((token, index): Block[] => {
    if (token.level !== 0 || isNote(token) || !token.map || token.map[0] < from || token.map[0] >= to)
      return []
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
