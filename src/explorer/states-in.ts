import type { Course } from '../course/index.ts'
import { apply, type Keys, type KeyView, keysOf, type Recording } from '../recording/index.ts'
import { type EntityStates, statesFor } from './entity-state.ts'

/** What a step did to the state of the entity whose events a key holds. */
export interface StateChange {
  /** After how many steps; 0 is before the first one. */
  readonly at: number
  readonly key: string
  readonly changed: KeyView
  /** How the state looks until the key changes again; missing if the key is gone. */
  readonly since?: KeyView
}

/** Every state in a recording, for a screen that can't call the fold. Empty if the recording's lesson names none. */
export async function statesIn(course: Course, recording: Recording): Promise<readonly StateChange[]> {
  const states = await statesFor(course, recording)
  if (states === undefined) return []
  let before = keysOf(recording.before)
  const found = [...changesAt(0, new Map(), before, states)].map((one) => ({
    ...one,
    changed: one.since ?? one.changed,
  }))
  for (const [index, step] of recording.steps.entries()) {
    const after = apply(before, step)
    found.push(...changesAt(index + 1, before, after, states))
    before = after
  }
  return found
}

function changesAt(at: number, before: Keys, after: Keys, states: EntityStates): readonly StateChange[] {
  const touched = [...new Set([...before.keys(), ...after.keys()])].filter(
    (key) => before.get(key) !== after.get(key),
  )
  return touched.flatMap((key) => {
    const changed = states(key, before, after)
    const since = after.has(key) ? states(key, after, after) : undefined
    return changed === undefined ? [] : { at, key, changed, ...(since && { since }) }
  })
}
