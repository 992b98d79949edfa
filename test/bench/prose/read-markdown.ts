import type { Token } from 'markdown-it'
import { parseMarkdown } from '../../../src/markdown/parse.ts'
import { type Prose, ProseBuilder } from './prose.ts'

/** The prose of a page: paragraphs, headings, cells, and the notes of its presenter. Blocks of code are left out. */
export async function readMarkdown(markdown: string): Promise<readonly Prose[]> {
  return read(withoutFrontMatter(markdown), 1)
}

async function read(markdown: string, firstLine: number): Promise<readonly Prose[]> {
  const found: Prose[] = []
  let line = firstLine
  for (const token of await parseMarkdown(markdown)) {
    if (token.map) line = firstLine + token.map[0] // the cells of a table have none, but their row has
    if (token.type === 'inline') found.push(paragraph(token.children ?? [], line))
    if (token.type === 'note') found.push(...(await read(token.content, line)))
  }
  return found
}

/** One builder for the whole paragraph, because a sentence goes on after a line break, bold words, and code. */
function paragraph(children: readonly Token[], firstLine: number): Prose {
  const builder = new ProseBuilder()
  let line = firstLine
  for (const child of children) {
    if (child.type === 'text') builder.words(child.content, line)
    else if (child.type === 'code_inline') builder.code(`\`${child.content}\``, line)
    else if (child.type === 'image') builder.words(child.content, line)
    else if (child.type === 'softbreak' || child.type === 'hardbreak') {
      builder.newLine()
      line += 1
    }
  }
  return builder.build('text')
}

/** Empties the lines of the settings at the top, so that the numbers of the others stay. The title is read by people. */
function withoutFrontMatter(markdown: string): string {
  return markdown.replace(/^---\n[\s\S]*?\n---\n/, (settings) => settings.replace(/^(?!title: ).*$/gm, ''))
}
