import type { Reply } from '../snippets/resp.ts'

/** The items of an array; anything else has none. */
export function itemsOf(reply: Reply | undefined): readonly Reply[] {
  return reply?.kind === 'array' ? reply.items : []
}

/** The text of anything but an array; nil is an empty string. */
export function textOf(reply: Reply | undefined): string {
  return reply === undefined || reply.kind === 'nil' || reply.kind === 'array' ? '' : reply.text
}

/** Names and values, which Redis returns as one flat array. */
export function pairsOf(reply: Reply | undefined): readonly (readonly [name: string, value: string])[] {
  const flat = itemsOf(reply).map(textOf)
  return flat.flatMap((name, index) => (index % 2 === 0 ? [[name, flat[index + 1] ?? ''] as const] : []))
}
