import type { Token } from 'markdown-it'
import { marksOf } from '../markdown/tokens.ts'
import { inlineSpans } from './inline.ts'
import type { Palette, Style } from './palette.ts'
import { marks } from './symbols.ts'
import { tableLines } from './table.ts'
import type { Line, Span } from './text.ts'
import { cut, lineWidth, span, textOf } from './text.ts'
import { wrap, wrapCode } from './wrap.ts'

export interface BlockContext {
  readonly width: number
  readonly palette: Palette
  /** The colored lines of every code block. */
  readonly code: ReadonlyMap<Token, readonly Line[]>
}

/** A block of Markdown with the blocks inside it; markdown-it itself returns a flat list that opens and closes. */
interface Block {
  /** `paragraph`, `heading`, `fence`, `bullet_list`, `inline` … */
  readonly type: string
  readonly token: Token
  readonly children: readonly Block[]
}

/** Speaker notes aren't for readers, so they're left out. */
export function blockTree(tokens: readonly Token[]): readonly Block[] {
  const root: Block[] = []
  const open: Block[][] = [root]
  for (const token of tokens) {
    if (token.nesting === -1) {
      open.pop()
      continue
    }
    if (token.type === 'note') continue
    const children: Block[] = []
    open.at(-1)?.push({ type: token.type.replace(/_open$/, ''), token, children })
    if (token.nesting === 1) open.push(children)
  }
  return root
}

/** Blocks below each other, with a blank line between them unless they're the lines of a tight list. */
export function blockLines(blocks: readonly Block[], context: BlockContext): readonly Line[] {
  return blocks.flatMap((block, index) => {
    const lines = oneBlock(block, context)
    const before = blocks[index - 1]
    return before === undefined || staysTogether(before, block) ? lines : [[], ...lines]
  })
}

/** A heading belongs to what follows it, and the items of a tight list to each other. */
function staysTogether(before: Block, block: Block): boolean {
  if (before.type === 'heading') return block.type !== 'heading'
  return before.type === 'paragraph' && before.token.hidden
}

function oneBlock(block: Block, context: BlockContext): readonly Line[] {
  switch (block.type) {
    case 'heading':
      return heading(block, context)
    case 'paragraph':
      return wrap(inline(block, context), { width: context.width })
    case 'fence':
    case 'code_block':
      return codeLines(block, context)
    case 'bullet_list':
    case 'ordered_list':
      return list(block, context)
    case 'blockquote':
      return indented(block.children, span(`${marks(context.palette).bar} `, 'dim'), context)
    case 'table':
      return markdownTable(block, context)
    case 'hr':
      return [[span(marks(context.palette).rule.repeat(context.width), 'dim')]]
    default:
      return wrap(span(block.token.content), { width: context.width })
  }
}

function heading(block: Block, context: BlockContext): readonly Line[] {
  const level = Number(block.token.tag.slice(1))
  const { palette, width } = context
  if (!palette.colours) return wrap(inline(block, context), { width, first: `${'#'.repeat(level)} ` })
  const styles: readonly Style[] = level <= 2 ? ['bold', 'cyan'] : ['bold']
  const lines = wrap(inline(block, context, ...styles), { width })
  const { rule, strongRule } = marks(palette)
  const below = Math.max(...lines.map(lineWidth))
  return level > 2 ? lines : [...lines, [span((level === 1 ? strongRule : rule).repeat(below), 'cyan')]]
}

function inline(block: Block, { palette }: BlockContext, ...styles: readonly Style[]): Line {
  return block.children.flatMap(({ token }) => inlineSpans(token.children ?? [], palette, ...styles))
}

/** Two spaces in front tell `pages` what to keep together. */
function codeLines(block: Block, { width, palette, code }: BlockContext): readonly Line[] {
  const lines = code.get(block.token) ?? []
  const room = Math.max(1, width - 2)
  const fitting =
    block.type === 'code_block'
      ? drawing(lines, room, palette)
      : lines.flatMap((line) => wrapCode(line, room, marks(palette).continued))
  return fitting.map((line) => [span('  '), ...line])
}

/** An indented block is a drawing. Continued on the next line, its columns would be in pieces, so it's cut. */
function drawing(lines: readonly Line[], room: number, palette: Palette): readonly Line[] {
  const needed = Math.max(...lines.map(lineWidth))
  if (needed <= room) return lines
  const note = `To see all of this, use a terminal at least ${needed + 2} columns wide.`
  return [
    ...lines.map((line) => (lineWidth(line) > room ? [span(cut(textOf(line), room, palette))] : line)),
    ...wrap(span(note, 'dim'), { width: room }),
  ]
}

function list(block: Block, context: BlockContext): readonly Line[] {
  const start = Number(block.token.attrGet('start') ?? 1)
  const last = String(start + block.children.length - 1)
  const isTight = block.children.every((item) => item.children.every((child) => isHidden(child)))
  return block.children.flatMap((item, index) => {
    const number = `${String(start + index).padStart(last.length)}.`
    const marker =
      marksOf(item.token).box ?? (block.type === 'ordered_list' ? number : marks(context.palette).bullet)
    const rest = ' '.repeat(marker.length + 1)
    const lines = indented(item.children, span(`${marker} `, 'cyan'), context, rest)
    return index === 0 || isTight ? lines : [[], ...lines]
  })
}

/**
 * Whether the block is in a tight list: markdown-it hides that list's paragraphs, and its other content doesn't
 * matter.
 */
function isHidden(block: Block): boolean {
  return block.type !== 'paragraph' || block.token.hidden
}

function indented(
  blocks: readonly Block[],
  first: Span,
  context: BlockContext,
  rest?: string,
): readonly Line[] {
  const room = Math.max(1, context.width - lineWidth(first))
  return blockLines(blocks, { ...context, width: room }).map((line, index) => {
    const prefix = index === 0 || rest === undefined ? first : span(rest)
    return line.length === 0 && rest !== undefined ? line : [prefix, ...line]
  })
}

function markdownTable(block: Block, context: BlockContext): readonly Line[] {
  const rows = block.children.flatMap((part) => part.children)
  const cells = rows.map((row) => row.children.map((cell) => inline(cell, context)))
  const align = rows[0]?.children.map((cell) =>
    /right/.test(String(cell.token.attrGet('style'))) ? ('right' as const) : ('left' as const),
  )
  const [header = [], ...body] = cells
  return tableLines(body, { ...context, header, ...(align && { align }) })
}
