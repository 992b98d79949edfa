import type { Reply } from '../resp.ts'

/** What an array holds; anything else holds nothing. */
export function itemsOf(reply: Reply | undefined): readonly Reply[] {
  return reply?.kind === 'array' ? reply.items : []
}

/** The text of anything but an array; nothing is an empty text. */
export function textOf(reply: Reply | undefined): string {
  return reply === undefined || reply.kind === 'nil' || reply.kind === 'array' ? '' : reply.text
}

/** Names and values, which Redis replies as one flat array. */
export function pairsOf(reply: Reply | undefined): readonly (readonly [name: string, value: string])[] {
  const flat = itemsOf(reply).map(textOf)
  return flat.flatMap((name, index) => (index % 2 === 0 ? [[name, flat[index + 1] ?? ''] as const] : []))
}
