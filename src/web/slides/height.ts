import type { Token } from 'markdown-it'
import { marksOf } from '../../markdown/tokens.ts'

// All in pixels of the stage, which is 1280 × 720 on every screen and only scaled. They match
// styles/slides-stage.css, erring on the safe side: the browser shrinks a slide that's still too full.

/** What's left below a slide's title. */
export const slideHeight = 500

const textLine = 39
const textGap = 17
const textColumns = 84
const listIndent = 4
const codeLine = 27
const codeColumns = 94
const codePadding = 46
const outputLabel = 34
const rowPadding = 18
const pictureHeight = 440

/** For code without an output. */
export const maxCodeLines = Math.floor((slideHeight - codePadding) / codeLine)

/** Estimates how high blocks will be. */
export function heightOf(tokens: readonly Token[]): number {
  let height = 0
  let indent = 0
  let cells: number[] = []
  let inTable = false
  for (const token of tokens) {
    switch (token.type) {
      case 'list_item_open':
        indent += listIndent
        break
      case 'list_item_close':
        indent -= listIndent
        break
      case 'tr_open':
        inTable = true
        cells = []
        break
      case 'tr_close':
        height += rowHeight(cells)
        inTable = false
        break
      case 'fence':
      case 'code_block':
        height += blockOfCode(token)
        break
      case 'inline':
        if (token.children?.some(({ type }) => type === 'image')) height += pictureHeight + textGap
        else if (inTable) cells.push(token.content.length)
        else height += textHeight(token.content, textColumns - indent)
        break
    }
  }
  return height
}

/** By the length of each cell; they share the width evenly. */
function rowHeight(cells: readonly number[]): number {
  const columns = textColumns / Math.max(1, cells.length)
  const lines = Math.max(1, ...cells.map((length) => Math.ceil(length / columns)))
  return lines * textLine + rowPadding
}

function textHeight(text: string, columns: number): number {
  return Math.ceil(text.length / columns) * textLine + textGap
}

function blockOfCode(token: Token): number {
  const output = marksOf(token).snippet?.prints
  const code = codeHeight(token.content.trimEnd().split('\n'))
  return output === undefined ? code : code + outputLabel + codeHeight(output.split('\n')) - textGap
}

function codeHeight(lines: readonly string[]): number {
  const shown = lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / codeColumns)), 0)
  return shown * codeLine + codePadding
}
