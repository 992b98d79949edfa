import type { Effect } from './effects.ts'
import { nameOf } from './touches.ts'
import type { Collision, CommandStep } from './types.ts'

/** A look at the entries of a list or a stream, and where it began. */
interface Reading {
  readonly effect: Effect
  readonly start: string
}

/**
 * Code reads entries and takes the position from which it continues out of another command, such as LLEN. Another client
 * added something between the two, so it was skipped, or it was read again.
 */
export function positionApart(effects: readonly Effect[]): Collision | undefined {
  const looks = effects.filter(({ lane, parts }) => lane !== undefined && parts.length === 1)
  const readings = looks.flatMap(readingOf)
  for (const later of readings) {
    for (const key of later.effect.looked) {
      const isBefore = ({ n, lane, looked }: Effect) =>
        n < later.effect.n && lane === later.effect.lane && looked.has(key)
      const read = readings.findLast(({ effect }) => isBefore(effect))
      const told = looks.findLast((look) => isBefore(look) && tells(look, later.start, read))
      if (read === undefined || told === undefined) continue
      const [first, second] = told.n < read.effect.n ? [told, read.effect] : [read.effect, told]
      const change = effects.find(
        ({ n, lane, wrote, isRefused }) =>
          n > first.n && n < second.n && lane !== first.lane && wrote.has(key) && !isRefused,
      )
      if (change !== undefined)
        return { kind: 'torn', key, looked: first.n, changed: change.n, again: second.n }
    }
  }
  return undefined
}

/**
 * Whether the next reading begins at the position that this command replied. An earlier one is the right one, unless the
 * code began there before and read something.
 */
function tells(look: Effect, start: string, read: Reading | undefined): boolean {
  if (read === undefined || positionIn(look) !== start) return false
  return look.n > read.effect.n || (read.start === start && replyOf(read.effect) !== '(empty array)')
}

function readingOf(effect: Effect): readonly Reading[] {
  const [part] = effect.parts
  const start = part && startOf(part)
  return start === undefined ? [] : [{ effect, start }]
}

function startOf(part: CommandStep): string | undefined {
  return /^(LRANGE|XRANGE)$/.test(nameOf(part)) ? part.args[2]?.s.replace('(', '') : undefined
}

/** The end of a list or a stream, as a command replied it. */
function positionIn({ parts: [part] }: Effect): string | undefined {
  const reply = part?.reply?.s ?? ''
  switch (part && nameOf(part)) {
    case 'LLEN':
      return /^\(integer\) (\d+)$/.exec(reply)?.[1]
    case 'XREVRANGE':
      return part?.args.at(-1)?.s === '1' ? /^\[\["(\d+-\d+)"/.exec(reply)?.[1] : undefined
    default:
      return undefined
  }
}

function replyOf({ parts: [part] }: Effect): string | undefined {
  return part?.reply?.s
}
