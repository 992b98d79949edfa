import type { MarkdownIt, Token } from 'markdown-it'

/**
 * The one way to read Markdown, for the course, the terminal, pages, and slides. HTML is plain text, except for
 * comments on lines of their own: speaker notes, `<!-- note: what to say here -->`, with Markdown inside, which become
 * tokens of the type `note`; and what a hint helps with, `<!-- helps: words of a diagnosis -->`, which is left out.
 */
export async function parseMarkdown(markdown: string): Promise<Token[]> {
  parser ??= makeParser()
  return (await parser).parse(markdown, {})
}

/** Creating it takes longer than reading a page with it. */
let parser: Promise<MarkdownIt> | undefined

async function makeParser(): Promise<MarkdownIt> {
  const { default: markdownIt } = await import('markdown-it')
  const made = markdownIt()
  readNotes(made)
  made.core.ruler.push('boxes', ({ tokens }) => markBoxes(tokens))
  return made
}

const opening = /^<!--\s*(?:note|helps):/
const note = /^<!--\s*note:/
const closing = '-->'

/** A block rule, so that a note inside a code block stays code. */
function readNotes(parser: MarkdownIt): void {
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
      if (!note.test(lineAt(startLine))) return true
      const lines = state.getLines(startLine, last + 1, state.blkIndent, false)
      const token = state.push('note', '', 0)
      token.content = lines.trim().replace(note, '').slice(0, -closing.length).trim()
      token.map = [startLine, last + 1]
      return true
    },
    { alt: ['paragraph', 'reference', 'blockquote', 'list'] },
  )
}

/** Moves the box of every `- [x] text` from the text to the item, where it replaces the bullet. */
function markBoxes(tokens: readonly Token[]): void {
  for (const [index, item] of tokens.entries()) {
    const text = tokens[index + 2]?.children?.[0]
    if (item.type !== 'list_item_open' || tokens[index + 1]?.type !== 'paragraph_open' || !text) continue
    const [box, mark] = /^\[([ xX])\] +/.exec(text.content) ?? []
    if (text.type !== 'text' || box === undefined || mark === undefined) continue
    text.content = text.content.slice(box.length)
    item.meta = { box: mark === ' ' ? '[ ]' : '[x]' }
  }
}
