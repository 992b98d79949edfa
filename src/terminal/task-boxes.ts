import type { Token } from 'markdown-it'

/** Moves the box of every `- [x] text` from the text to the item, where it replaces the bullet. */
export function markTaskBoxes(tokens: readonly Token[]): void {
  for (const [index, item] of tokens.entries()) {
    const text = tokens[index + 2]?.children?.[0]
    if (item.type !== 'list_item_open' || tokens[index + 1]?.type !== 'paragraph_open' || !text) continue
    const [box, mark] = /^\[([ xX])\] +/.exec(text.content) ?? []
    if (text.type !== 'text' || box === undefined || mark === undefined) continue
    text.content = text.content.slice(box.length)
    item.meta = { box: mark === ' ' ? '[ ]' : '[x]' }
  }
}

export function boxOf(item: Token): string | undefined {
  const meta: unknown = item.meta
  if (typeof meta !== 'object' || meta === null || !('box' in meta)) return undefined
  return typeof meta.box === 'string' ? meta.box : undefined
}
