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

interface Named {
  readonly id: string
  readonly name: string
}

/** The label of each, by ID, in the order of joining: the second of the same name gets a number, `Ada (2)`. */
export class Labels {
  readonly #taken = new Set<string>()
  readonly #times = new Map<string, number>()
  readonly #byId = new Map<string, string>()

  constructor(participants: readonly Named[]) {
    for (const one of participants) this.add(one)
  }

  get(id: string): string | undefined {
    return this.#byId.get(id)
  }

  /** Adds someone who joined after all others, whose labels stay. */
  add({ id, name }: Named): void {
    let label = name
    while (this.#taken.has(folded(label))) {
      const time = (this.#times.get(folded(name)) ?? 1) + 1
      this.#times.set(folded(name), time)
      label = `${name} (${time})`
    }
    this.#taken.add(folded(label))
    this.#byId.set(id, label)
  }
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
