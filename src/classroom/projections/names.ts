import { limits } from '../limits.ts'

/**
 * A name or a text as it may be shown: one line, no control characters, nothing that changes the writing direction.
 */
export function plainText(text: string, longest: number): string {
  const line = text
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim()
  return [...line].slice(0, longest).join('').trim()
}

export function plainName(text: string): string {
  return plainText(text, limits.name)
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

/** `ADA` and `ada` sound the same when read aloud. */
function folded(name: string): string {
  return name.normalize('NFKC').toLowerCase()
}
