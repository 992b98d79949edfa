import { limits } from '../limits.ts'

/** Letters that show nothing: fillers of Hangul and Khmer, and the blank of Braille. */
const BLANK = /[\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0]/g
/** More marks on one letter than any writing needs: they would cover the lines above and below. */
const PILE = /(\p{M}{4})\p{M}+/gu

/**
 * A name or a text as it may be shown: one line, no control characters, nothing invisible, nothing that changes the
 * writing direction.
 */
export function plainText(text: string, longest: number): string {
  const line = text
    // First, because normalizing thousands of marks on one letter takes seconds.
    .replace(PILE, '$1')
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/gu, ' ')
    .replace(BLANK, ' ')
    .replace(PILE, '$1')
    .replace(/\s+/g, ' ')
    .trim()
  return [...line].slice(0, longest).join('').trim()
}

/** Empty if nothing of it can be seen. */
export function plainName(text: string): string {
  const name = plainText(text, limits.name)
  return /[\p{L}\p{N}\p{S}\p{P}]/u.test(name) ? name : ''
}

/** The label of each, in the order of joining: the second of the same name gets a number, `Ada (2)`. By ID. */
export function labelsOf(
  participants: readonly { readonly id: string; readonly name: string }[],
): ReadonlyMap<string, string> {
  const taken = new Set<string>()
  const times = new Map<string, number>()
  const labels = new Map<string, string>()
  for (const { id, name } of participants) {
    let label = name
    while (taken.has(folded(label))) {
      const time = (times.get(folded(name)) ?? 1) + 1
      times.set(folded(name), time)
      label = `${name} (${time})`
    }
    taken.add(folded(label))
    labels.set(id, label)
  }
  return labels
}

/** Cyrillic and Greek letters that look like Latin ones, and what looks the same within Latin. */
const alike = new Map(
  ['аaеeоoрpсcуyхxіiјjѕsһhԁdԛqԝwкkмmнhтtвb', 'αaεeοoρpυuχxκkνvτtιiηn', '0o1l|lil'].flatMap((pairs) =>
    (pairs.match(/../gu) ?? []).map((pair) => [...pair] as [string, string]),
  ),
)

/** The same for names that look or sound the same: `ADA` and `ada`, or with a Cyrillic `А`. */
function folded(name: string): string {
  const letters = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}|]/gu, '')
  const shape = [...letters].map(
    (letter) => alike.get(alike.get(letter) ?? letter) ?? alike.get(letter) ?? letter,
  )
  return shape.join('') || name
}
