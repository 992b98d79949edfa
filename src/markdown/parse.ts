import type { MarkdownIt, Token } from 'markdown-it'

export interface ParseOptions {
  /** Keep speaker notes as tokens of the type `note`; default: leave them out. */
  readonly notes?: boolean
}

/**
 * The one way to read a lesson's Markdown, for the course, the terminal, pages, and slides. HTML is plain text, except
 * for comments on lines of their own: speaker notes, `<!-- note: what to say here -->`, with Markdown inside; and what
 * a hint helps with, `<!-- helps: words of a diagnosis -->`, which is never shown.
 */
export async function parseMarkdown(markdown: string, options: ParseOptions = {}): Promise<Token[]> {
  const notes = options.notes ?? false
  const parser = parsers.get(notes) ?? makeParser(notes)
  parsers.set(notes, parser)
  return (await parser).parse(markdown, {})
}

/** With notes and without: creating a parser takes longer than reading a page with it. */
const parsers = new Map<boolean, Promise<MarkdownIt>>()

async function makeParser(notes: boolean): Promise<MarkdownIt> {
  const { default: markdownIt } = await import('markdown-it')
  const parser = markdownIt()
  readNotes(parser, notes)
  return parser
}

const opening = /^<!--\s*(?:note|helps):/
const note = /^<!--\s*note:/
const closing = '-->'

/** A block rule, so that a note inside a code block stays code. */
function readNotes(parser: MarkdownIt, keep: boolean): void {
  parser.block.ruler.before(
    'paragraph',
    'note',
    (state, startLine, endLine, silent) => {
      const lineAt = (line: number) =>
        state.src.slice((state.bMarks[line] ?? 0) + (state.tShift[line] ?? 0), state.eMarks[line])
      if (!opening.test(lineAt(startLine))) return false
      let last = startLine
      while (last < endLine && !lineAt(last).includes(closing)) last += 1
      // A note that never ends, or has text after its end, stays visible, so that its author sees it.
      if (last === endLine || !lineAt(last).trimEnd().endsWith(closing)) return false
      if (silent) return true
      state.line = last + 1
      if (!keep || !note.test(lineAt(startLine))) return true
      const lines = state.getLines(startLine, last + 1, state.blkIndent, false)
      const token = state.push('note', '', 0)
      token.content = lines.trim().replace(note, '').slice(0, -closing.length).trim()
      token.map = [startLine, last + 1]
      return true
    },
    { alt: ['paragraph', 'reference', 'blockquote', 'list'] },
  )
}
