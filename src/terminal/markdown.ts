import type { Token } from 'markdown-it'
import { parseMarkdown } from '../markdown/parse.ts'
import { blockLines, blockTree } from './blocks.ts'
import { highlight } from './highlight.ts'
import { narrowLanes } from './narrow-lanes.ts'
import type { Palette } from './palette.ts'
import type { Line } from './text.ts'
import { paintLines } from './text.ts'

export interface MarkdownOptions {
  /** Columns of the terminal. */
  readonly width: number
  readonly palette: Palette
}

/**
 * Markdown, parsed or not, as text for a terminal. Prose is wrapped at `width`; code keeps its lines, and those wider
 * than the terminal continue on the next line after a mark. Headings stay with what follows them: blank lines come only
 * above them.
 */
export async function renderMarkdown(
  markdown: string | readonly Token[],
  options: MarkdownOptions,
): Promise<string> {
  return paintLines(await markdownLines(markdown, options), options.palette)
}

/** One line of Markdown as plain text, for a menu, which can't show code or emphasis. */
export async function plainText(markdown: string): Promise<string> {
  // After a word, `1000.` isn't the number of a list.
  const tokens = await parseMarkdown(`${WORD} ${markdown}`)
  const inline = tokens.flatMap(({ children }) => children ?? [])
  const text = inline.map(({ type, content }) => (type === 'softbreak' ? ' ' : content)).join('')
  return text.slice(WORD.length + 1)
}

const WORD = 'x'

/** The same before it's painted, for a screen that cuts it. */
export async function markdownLines(
  markdown: string | readonly Token[],
  options: MarkdownOptions,
): Promise<readonly Line[]> {
  const tokens = typeof markdown === 'string' ? await parseMarkdown(markdown) : markdown
  const code = new Map<Token, readonly Line[]>()
  for (const token of tokens) {
    if (token.type === 'fence' || token.type === 'code_block') {
      const isPicture = /^lanes\b/.test(token.info)
      const text = isPicture ? narrowLanes(token.content, options.width - 2) : token.content
      code.set(token, await highlight(text, token.info, options.palette))
    }
  }
  return blockLines(blockTree(tokens), { ...options, code })
}
