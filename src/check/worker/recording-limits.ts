import {
  apply,
  type Collision,
  changesBetween,
  collidingSteps,
  type KeyState,
  type Keys,
  keysOf,
  type Recording,
  type Step,
} from '../../recording/index.ts'

export interface Limits {
  readonly steps: number
  readonly bytes: number
}

/** Bound before any answer is loaded. */
const stringify = JSON.stringify

/** Maximum size of a recording. */
const LIMITS: Limits = { steps: 2_000, bytes: 1_000_000 }

/**
 * As JSON, the same recording with its middle left out until it's small enough. The beginning and the end stay, and so does
 * what the collision is about. The changes of the steps that are left out are in one step in their place, so the keys
 * are still right after every step.
 */
export function withinLimits(recording: Recording, limits: Limits = LIMITS): string {
  for (let most = limits.steps; most >= 2; most = Math.floor(most / 2)) {
    const json = stringify(withSteps(recording, most))
    if (Buffer.byteLength(json) <= limits.bytes) return json
  }
  // The keys themselves are too large.
  const { before, after, ...rest } = recording
  const steps = recording.steps.map((step) => ({ ...step, changes: [] }))
  const note = 'The keys were too large to record, so only the order of the commands is known.'
  const short: Recording = { ...rest, depth: 'order', note, before: [], after: [], steps }
  return stringify(withSteps(short, Math.min(limits.steps, 200)))
}

function withSteps(recording: Recording, most: number): Recording {
  const { steps } = recording
  if (steps.length <= most) return recording
  const stays = kept(recording, most)
  const result: Step[] = []
  /** Where each step is now. */
  const places = new Map<number, number>()
  let keys = keysOf(recording.before)
  let left: Step[] = []
  let leftOut = 0
  let before = keys
  const close = () => {
    const [first] = left
    if (first === undefined) return
    leftOut += left.length
    const what = stepsLeftOut(left.length)
    result.push({ kind: 'check', n: first.n, at: first.at, what, changes: between(before, keys) })
    for (const { n } of left) places.set(n, result.length)
    left = []
  }
  for (const step of steps) {
    if (stays.has(step.n)) {
      close()
      result.push(step)
      places.set(step.n, result.length)
    } else {
      if (left.length === 0) before = keys
      left.push(step)
    }
    keys = apply(keys, step)
  }
  close()
  const bytes = Buffer.byteLength(stringify(steps)) - Buffer.byteLength(stringify(result))
  const place = (n: number) => places.get(n) ?? 0
  const { collision, cut, ...rest } = recording
  return {
    ...rest,
    steps: result.map((step) => renumbered(step, place)),
    ...(collision && { collision: movedCollision(collision, place) }),
    cut: { steps: leftOut + (cut?.steps ?? 0), bytes: Math.max(0, bytes) },
  }
}

export function stepsLeftOut(count: number): string {
  return count === 1 ? '1 step is left out here' : `${count} steps are left out here`
}

type Place = (n: number) => number

function renumbered(step: Step, place: Place): Step {
  const n = place(step.n)
  switch (step.kind) {
    case 'command': {
      const { held, woke, repeats } = step
      return {
        ...step,
        n,
        ...(held && { held: { from: place(held.from), until: place(held.until) } }),
        ...(woke && { woke: woke.map(place) }),
        ...(repeats !== undefined && { repeats: place(repeats) }),
      }
    }
    case 'message':
      return { ...step, n, ...(step.from !== undefined && { from: place(step.from) }) }
    case 'check':
      return { ...step, n, ...(step.woke && { woke: step.woke.map(place) }) }
    case 'server':
      return { ...step, n }
  }
}

function movedCollision(collision: Collision, place: Place): Collision {
  const { looked, changed, wrote, again, never } = collision
  return {
    ...collision,
    ...(looked !== undefined && { looked: place(looked) }),
    ...(changed !== undefined && { changed: place(changed) }),
    ...(wrote !== undefined && { wrote: place(wrote) }),
    ...(again !== undefined && { again: place(again) }),
    ...(never !== undefined && { never: place(never) }),
  }
}

/** A third from the beginning, a third from the end, and in between what touches the collision's key. */
function kept({ steps, collision }: Recording, most: number): ReadonlySet<number> {
  const third = Math.floor(most / 3)
  const ends = [...steps.slice(0, third), ...steps.slice(-third)].map(({ n }) => n)
  const touching =
    collision === undefined ? [] : steps.filter((step) => touches(step, collision.key)).slice(-third)
  return new Set([...ends, ...collidingSteps(collision), ...touching.map(({ n }) => n)])
}

function touches(step: Step, key: string): boolean {
  return (
    step.changes.some((change) => change.key === key) ||
    (step.kind === 'command' && step.args.some(({ s }) => s === key))
  )
}

function between(before: Keys, after: Keys) {
  const names = new Set([...before.keys(), ...after.keys()])
  const state = (keys: Keys, key: string): KeyState | null => keys.get(key) ?? null
  return [...names].sort().flatMap((key) => changesBetween(state(before, key), state(after, key)))
}
