import type { Token } from 'markdown-it'
import { copyToken, marksOf } from '../../markdown/tokens.ts'
import { heightOf, maxCodeLines, slideHeight } from './height.ts'

/** The list or table that a piece was cut from; neighboring pieces from the same one are joined again. */
export interface Frame {
  /** Opens it again; `index` is that of the first piece on the slide. */
  before(index: number): readonly Token[]
  readonly after: readonly Token[]
}

/** What stays together on a slide. */
export interface Piece {
  readonly tokens: readonly Token[]
  /** An estimate, in the pixels of a stage. */
  readonly height: number
  readonly frame?: Frame
  readonly index: number
  /** It announces what follows ("Both say:") and must not come last. */
  readonly leads: boolean
}

/** Top-level blocks as pieces: a list by items, a table by rows, overlong code by lines. */
export function piecesOf(tokens: readonly Token[]): readonly Piece[] {
  return topBlocks(tokens).flatMap((block): readonly Piece[] => {
    switch (block[0]?.type) {
      case 'fence':
      case 'code_block':
        return codePieces(block[0])
      case 'bullet_list_open':
      case 'ordered_list_open':
        return listPieces(block)
      case 'table_open':
        return tablePieces(block)
      default:
        return [piece(block, { leads: /:\**$/.test(block[1]?.content.trim() ?? '') })]
    }
  })
}

/** The tokens of a slide: pieces in their frames. */
export function tokensOf(pieces: readonly Piece[]): readonly Token[] {
  return pieces.flatMap(({ tokens, frame, index }, at) => {
    const opens = frame !== undefined && pieces[at - 1]?.frame !== frame
    const closes = frame !== undefined && pieces[at + 1]?.frame !== frame
    return [...(opens ? frame.before(index) : []), ...tokens, ...(closes ? frame.after : [])]
  })
}

function piece(tokens: readonly Token[], more: Partial<Piece> = {}): Piece {
  return { tokens, height: heightOf(tokens), index: 0, leads: false, ...more }
}

function topBlocks(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const blocks: Token[][] = []
  let depth = 0
  for (const token of tokens) {
    if (depth === 0) blocks.push([])
    blocks.at(-1)?.push(token)
    depth += token.nesting
  }
  return blocks
}

function listPieces(block: readonly Token[]): readonly Piece[] {
  const [open, close] = [block[0], block.at(-1)]
  if (!open || !close) return []
  const start = Number(open.attrGet('start') ?? 1)
  const frame: Frame = {
    before: (index) => [
      open.type === 'ordered_list_open'
        ? copyToken(open, { attrs: [['start', String(start + index)]] })
        : open,
    ],
    after: [close],
  }
  return topBlocks(block.slice(1, -1)).map((item, index) => piece(item, { frame, index }))
}

function tablePieces(block: readonly Token[]): readonly Piece[] {
  const body = block.findIndex(({ type }) => type === 'tbody_open')
  if (body === -1) return [piece(block)]
  const frame: Frame = { before: () => block.slice(0, body + 1), after: block.slice(-2) }
  return topBlocks(block.slice(body + 1, -2)).map((row, index) => piece(row, { frame, index }))
}

function codePieces(token: Token): readonly Piece[] {
  const whole = piece([token])
  // A race says nothing in two halves; the browser shrinks it to fit.
  if (whole.height <= slideHeight || /^lanes\b/.test(token.info)) return [whole]
  const { snippet } = marksOf(token)
  const chunks = cutLines(token.content.trimEnd().split('\n'), /^\s*redis\b/.test(token.info))
  const parts = chunks.map((lines, index) => {
    const continues = index < chunks.length - 1
    const mark = snippet && { number: snippet.number, part: 'code', continues }
    return copyToken(token, { content: `${lines.join('\n')}\n`, meta: mark ? { snippet: mark } : null })
  })
  if (snippet?.prints === undefined) return parts.map((part) => piece([part]))
  const mark = { number: snippet.number, part: 'output' }
  const printed = copyToken(token, {
    info: 'output',
    content: `${snippet.prints}\n`,
    meta: { snippet: mark },
  })
  return [...parts, printed].map((part) => piece([part]))
}

/** Parts of code that fit on a slide, cut at blank lines where possible, and transcripts before a command. */
function cutLines(lines: readonly string[], isTranscript: boolean): readonly (readonly string[])[] {
  if (lines.length <= maxCodeLines) return [lines]
  const mayCutBefore = (at: number) =>
    isTranscript ? lines[at]?.startsWith('>') : lines[at - 1]?.trim() === ''
  let cut = maxCodeLines
  while (cut > maxCodeLines / 3 && !mayCutBefore(cut)) cut -= 1
  if (!mayCutBefore(cut)) cut = maxCodeLines
  return [lines.slice(0, cut), ...cutLines(lines.slice(cut), isTranscript)]
}
