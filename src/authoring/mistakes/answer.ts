import { applyHunks, writeHunks } from './hunks.ts'
import { formatMistake, type Mistake } from './section.ts'

/** The files that a mistake may start from, by name: the solution and the right answers of its lesson. */
export type Bases = ReadonlyMap<string, string>

/** The mistake makes no file: its base doesn't exist, or its diff no longer fits. */
export class MistakeError extends Error {
  override readonly name = 'MistakeError'
  readonly mistake: string

  constructor(mistake: string, problem: string) {
    super(problem)
    this.mistake = mistake
  }
}

/** The wrong answer that a mistake makes from its base. Throws MistakeError. */
export function wrongAnswer({ name, base, block }: Mistake, bases: Bases): string {
  if (base === 'whole') return block
  const text = bases.get(base)
  if (text === undefined) {
    throw new MistakeError(name, `Its base "${base}" isn't one of ${[...bases.keys(), 'whole'].join(', ')}.`)
  }
  const applied = applyHunks(block, text)
  if ('problem' in applied) throw new MistakeError(name, applied.problem)
  return applied.text
}

/**
 * The shortest section that makes this text: a diff against any of the bases (the first of several equally short
 * ones), or the whole text.
 */
export function mistakeFor(text: string, about: Omit<Mistake, 'base' | 'block'>, bases: Bases): Mistake {
  const whole: Mistake = { ...about, base: 'whole', block: text.endsWith('\n') ? text : `${text}\n` }
  const diffs = [...bases].flatMap(([base, start]) => {
    const block = writeHunks(start, text)
    return block === '' ? [] : [{ ...about, base, block }]
  })
  return [...diffs, whole].reduce((best, other) => (length(other) < length(best) ? other : best))
}

function length(mistake: Mistake): number {
  return formatMistake(mistake).split('\n').length
}
