import { type Effect, effectsOf, nameOf } from './effects.ts'
import { touches } from './touches.ts'
import type { Collision, CommandStep, Recording, Step } from './types.ts'

/** Which steps of a failed test got in each other's way, if any did. */
export function collisionOf({ steps }: Pick<Recording, 'steps'>): Collision | undefined {
  const effects = effectsOf(steps)
  const commands = steps.filter((step) => step.kind === 'command')
  return (
    crash(commands, effects) ??
    lost(commands, effects) ??
    stale(commands, effects) ??
    twice(commands, effects)
  )
}

/** A process died: the last command that ran, and the first that never did. */
function crash(commands: readonly CommandStep[], effects: readonly Effect[]): Collision | undefined {
  const never = commands.find(({ fate }) => fate === 'unsent')
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

/** Two steps that did the same work: they sent the same, and both had an effect. */
function twice(commands: readonly CommandStep[], effects: readonly Effect[]): Collision | undefined {
  const adding = commands.filter(
    (step) => ADDS.test(nameOf(step)) && step.args.every(({ bytes }) => bytes === undefined),
  )
  for (const [index, second] of adding.entries()) {
    const first = adding.slice(0, index).find((step) => isSame(step, second))
    const effect = effects.find(
      ({ step, wrote, isRefused }) => step === second && wrote.size > 0 && !isRefused,
    )
    if (first === undefined || effect === undefined) continue
    return { kind: 'twice', key: keyOf(effect), changed: first.n, wrote: second.n }
  }
  return undefined
}

function isSame(a: CommandStep, b: CommandStep): boolean {
  return JSON.stringify(a.args) === JSON.stringify(b.args)
}

function keyOf({ wrote, looked }: Effect, never?: Step): string {
  const own = [...wrote, ...looked][0]
  return own ?? (never?.kind === 'command' ? touches(never)[0]?.key : undefined) ?? ''
}
