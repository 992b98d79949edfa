import { type Effect, effectsOf, nameOf } from './effects.ts'
import { touches } from './touches.ts'
import type { Collision, CommandStep, Lane, Recording, Step } from './types.ts'

/** Which steps of a failed test got in each other's way, if any did. */
export function collisionOf({ lanes, steps }: Pick<Recording, 'lanes' | 'steps'>): Collision | undefined {
  const effects = effectsOf(steps)
  const commands = steps.filter((step) => step.kind === 'command')
  return (
    crash(dying(commands, lanes), effects) ??
    lost(commands, effects) ??
    stale(commands, effects) ??
    twice(effects)
  )
}

/** The first command that was never sent because its process died. */
function dying(commands: readonly CommandStep[], lanes: readonly Lane[]): CommandStep | undefined {
  const died = new Set(lanes.filter(({ end }) => end === 'died').map(({ id }) => id))
  return commands.find(({ fate, lane }) => fate === 'unsent' && died.has(lane))
}

/** A process died: the last command that ran, and the first that never did. */
function crash(never: CommandStep | undefined, effects: readonly Effect[]): Collision | undefined {
  if (never === undefined) return undefined
  const before = effects.filter(({ step }) => step.lane === never.lane && step.n < never.n)
  const last = before.findLast(({ wrote, isRefused }) => wrote.size > 0 && !isRefused) ?? before.at(-1)
  if (last === undefined) return undefined
  return { kind: 'crash', key: keyOf(last, never), wrote: last.step.n, never: never.n }
}

function lost(commands: readonly CommandStep[], effects: readonly Effect[]): Collision | undefined {
  for (const first of commands.filter(({ fate }) => fate === 'lost')) {
    const again = commands.find(
      (step) =>
        step.n > first.n && (step.repeats === first.n || (step.lane === first.lane && isSame(step, first))),
    )
    const effect = effects.find(({ step }) => step === first)
    if (effect === undefined || effect.wrote.size === 0) continue
    const key = keyOf(effect)
    return again === undefined
      ? { kind: 'lost', key, wrote: first.n }
      : { kind: 'lost', key, changed: first.n, wrote: again.n }
  }
  return undefined
}

/**
 * A lane looked at a key, another lane changed it, and then the first one wrote. Where the check held a lane back, the
 * gap is known; otherwise only a write to that very key counts. A write that Redis refused is the last resort.
 */
function stale(commands: readonly CommandStep[], effects: readonly Effect[]): Collision | undefined {
  const gaps = commands.filter(isFirstHeld(commands)).map((held) => staleAt(held, commands, effects))
  const known = gaps.filter((found) => found !== undefined)
  const isSteered = commands.some(({ held }) => held !== undefined)
  const found = isSteered ? known : effects.flatMap((effect) => staleWrite(effect, effects) ?? [])
  const refused = (wrote: number) => effects.some(({ step, isRefused }) => step.n === wrote && isRefused)
  return found.find(({ wrote }) => !refused(wrote)) ?? found[0]
}

/** Of commands held one after the other, the first was held where the check stepped in. */
function isFirstHeld(commands: readonly CommandStep[]) {
  return (step: CommandStep): boolean =>
    step.held !== undefined &&
    commands.findLast(({ lane, n }) => lane === step.lane && n < step.n)?.held === undefined
}

function staleAt(
  held: CommandStep,
  commands: readonly CommandStep[],
  effects: readonly Effect[],
): Collision | undefined {
  const from = commands.findLast(({ lane, n }) => lane === held.lane && n < held.n)?.n ?? 0
  const own = effects.filter(({ step }) => step.lane === held.lane)
  const looks = own.filter(({ step, looked }) => step.n <= from && looked.size > 0)
  const changes = effects.filter(
    ({ step, isRefused }) => step.lane !== held.lane && step.n > from && step.n < held.n && !isRefused,
  )
  const writes = own.filter(({ step, wrote }) => step.n >= held.n && wrote.size > 0)
  const found = changes.flatMap(({ step, wrote }) =>
    [...wrote].flatMap((key) => {
      const look = looks.findLast(({ looked }) => looked.has(key))
      const write = writes.find(({ wrote }) => wrote.has(key)) ?? writes[0]
      if (look === undefined || write === undefined) return []
      return [{ kind: 'stale' as const, key, looked: look.step.n, changed: step.n, wrote: write.step.n }]
    }),
  )
  return (
    found.find(({ key, wrote }) => writes.some((write) => write.step.n === wrote && write.wrote.has(key))) ??
    found[0]
  )
}

function staleWrite({ step, wrote }: Effect, effects: readonly Effect[]): Collision | undefined {
  const before = effects.filter((other) => other.step.n < step.n && other.step.about === undefined)
  for (const key of wrote) {
    const last = before.findLast(
      (other) => other.step.lane === step.lane && (other.looked.has(key) || other.wrote.has(key)),
    )
    if (last?.looked.has(key) !== true) continue
    const change = before.find(
      (other) =>
        other.step.n > last.step.n &&
        other.step.lane !== step.lane &&
        other.wrote.has(key) &&
        !other.isRefused,
    )
    if (change === undefined) continue
    return { kind: 'stale', key, looked: last.step.n, changed: change.step.n, wrote: step.n }
  }
  return undefined
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
    return { kind: 'twice', key: keyOf(second), changed: first.step.n, wrote: second.step.n }
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
