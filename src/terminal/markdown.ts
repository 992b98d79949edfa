import type { Token } from 'markdown-it'
import { parseMarkdown } from '../markdown/parse.ts'
import { blockLines } from './blocks.ts'
import { highlight } from './highlight.ts'
import type { Palette } from './palette.ts'
import { markTaskBoxes } from './task-boxes.ts'
import type { Line } from './text.ts'
import { paintLines } from './text.ts'
import { blockTree } from './tree.ts'

export interface MarkdownOptions {
  /** Columns of the terminal. */
  readonly width: number
  readonly palette: Palette
}

/**
 * Markdown as text for a terminal. Prose is wrapped at `width`; code keeps its lines, and those wider than the
 * terminal continue on the next line after a mark. Headings stay with what follows them: blank lines come only above
 * them.
 */
export async function renderMarkdown(markdown: string, options: MarkdownOptions): Promise<string> {
  const tokens = await parseMarkdown(markdown)
  markTaskBoxes(tokens)
  const code = new Map<Token, readonly Line[]>()
  for (const token of tokens) {
    if (token.type === 'fence' || token.type === 'code_block') {
      code.set(token, await highlight(token.content, token.info, options.palette))
    }
  }
  return paintLines(blockLines(blockTree(tokens), { ...options, code }), options.palette)
}
