import { type Effect, effectsOf } from './effects.ts'
import { missed } from './missed.ts'
import { positionApart } from './position.ts'
import { stale } from './stale.ts'
import { nameOf, touches } from './touches.ts'
import type { Collision, CommandStep, Lane, Recording, Step } from './types.ts'

/** Which steps of a failed test got in each other's way, if any did. */
export function collisionOf({ lanes, steps }: Pick<Recording, 'lanes' | 'steps'>): Collision | undefined {
  const effects = effectsOf(steps)
  const commands = steps.filter((step) => step.kind === 'command')
  return (
    crash(dying(commands, lanes), effects) ??
    lost(commands, effects) ??
    stale(commands, effects) ??
    twice(effects) ??
    positionApart(effects) ??
    missed(ofTheAnswer(steps, lanes), effects)
  )
}

/** What the test itself listens to says nothing about the answer. */
function ofTheAnswer(steps: readonly Step[], lanes: readonly Lane[]): readonly Step[] {
  const test = lanes.find(({ role }) => role === 'the test')
  return test === undefined ? steps : steps.filter((step) => !('lane' in step) || step.lane !== test.id)
}

/** The first command that was never sent because its process died. */
function dying(commands: readonly CommandStep[], lanes: readonly Lane[]): CommandStep | undefined {
  const died = new Set(lanes.filter(({ end }) => end === 'died').map(({ id }) => id))
  return commands.find(({ fate, lane }) => fate === 'unsent' && died.has(lane))
}

/** A process died: the last command that ran, and the first that never did. */
function crash(never: CommandStep | undefined, effects: readonly Effect[]): Collision | undefined {
  if (never === undefined) return undefined
  const before = effects.filter(({ lane, n }) => lane === never.lane && n < never.n)
  const last = before.findLast(({ wrote, isRefused }) => wrote.size > 0 && !isRefused) ?? before.at(-1)
  if (last === undefined) return undefined
  return { kind: 'crash', key: keyOf(last, never), wrote: last.n, never: never.n }
}

/** Redis executed a command, its reply got lost, and the command was sent again. */
function lost(commands: readonly CommandStep[], effects: readonly Effect[]): Collision | undefined {
  for (const first of commands.filter(({ fate }) => fate === 'lost')) {
    const again = commands.find(
      (step) =>
        step.n > first.n && (step.repeats === first.n || (step.lane === first.lane && isSame(step, first))),
    )
    const effect = effects.find(({ n }) => n === first.n)
    if (effect === undefined || effect.wrote.size === 0) continue
    const key = keyOf(effect)
    return again === undefined
      ? { kind: 'lost', key, wrote: first.n }
      : {
          kind: 'lost',
          key,
          changed: first.n,
          wrote: again.n,
          ...(!wroteAgain(again.n) && { refused: true }),
        }
  }
  return undefined

  function wroteAgain(n: number): boolean {
    return effects.some((effect) => effect.n === n && effect.wrote.size > 0 && !effect.isRefused)
  }
}

/** Commands that add the same thing again however often they run. */
const ADDS = /^(XADD|RPUSH|LPUSH|EVAL|EVALSHA|FCALL)$/
/** In a transaction, the commands around them tell that it's the same work, and not the same amount once more. */
const COUNTS = /^(INCR|INCRBY|HINCRBY|HINCRBYFLOAT|ZINCRBY|INCRBYFLOAT)$/

/** Two steps that did the same work: they sent the same, and both had an effect. */
function twice(effects: readonly Effect[]): Collision | undefined {
  const adding = effects.filter((effect) => effect.wrote.size > 0 && !effect.isRefused && isAdding(effect))
  for (const [index, second] of adding.entries()) {
    const first = adding.slice(0, index).find(({ parts }) => areSame(parts, second.parts))
    if (first === undefined) continue
    return { kind: 'twice', key: keyOf(second), changed: first.n, wrote: second.n }
  }
  return undefined
}

function isAdding({ parts }: Effect): boolean {
  const isWhole = parts.every(({ args }) => args.every(({ bytes }) => bytes === undefined))
  const again = parts.some(
    (part) => ADDS.test(nameOf(part)) || (parts.length > 1 && COUNTS.test(nameOf(part))),
  )
  return isWhole && again
}

function areSame(a: readonly CommandStep[], b: readonly CommandStep[]): boolean {
  return a.length === b.length && a.every((step, index) => b[index] !== undefined && isSame(step, b[index]))
}

function isSame(a: CommandStep, b: CommandStep): boolean {
  return JSON.stringify(a.args) === JSON.stringify(b.args)
}

function keyOf({ wrote, looked }: Effect, never?: Step): string {
  const own = [...wrote, ...looked][0]
  return own ?? (never?.kind === 'command' ? touches(never)[0]?.key : undefined) ?? ''
}
