import type { Token } from 'markdown-it'

/** A block of Markdown with the blocks inside it; markdown-it itself returns a flat list that opens and closes. */
export interface Block {
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
