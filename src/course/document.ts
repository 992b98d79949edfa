import type { Token } from 'markdown-it'
import { parseMarkdown } from '../markdown/parse.ts'
import { BadLessonError } from './errors.ts'

/** A lesson's Markdown, parsed into tokens, with what's needed to report the place of an error. */
export interface Document {
  /** Relative to the project's folder, for messages. */
  readonly file: string
  readonly lines: readonly string[]
  /** The line in the file of `lines[0]`, counted from 1: the front matter comes before it. */
  readonly firstLine: number
  readonly tokens: readonly Token[]
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
  return {
    file,
    firstLine,
    lines: markdown.split('\n'),
    tokens: await parseMarkdown(markdown),
  }
}

/** All sections in the order of their headings; number signs in code don't start headings. */
export function sections(document: Document): readonly Section[] {
  const headings = document.tokens.flatMap((token, index) => {
    if (token.type !== 'heading_open' || token.level !== 0 || !token.map) return []
    const [heading, from] = token.map
    return [
      { level: Number(token.tag.slice(1)), title: document.tokens[index + 1]?.content ?? '', heading, from },
    ]
  })
  return headings.map((section, index) => {
    const next = headings.slice(index + 1).find(({ level }) => level <= section.level)
    return { ...section, to: next?.heading ?? document.lines.length }
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
