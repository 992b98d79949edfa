import {
  apply,
  collidingSteps,
  collisionOf,
  type Keys,
  keysOf,
  type Recording,
} from '../../../recording/index.ts'

/** A recording, and all keys at each moment: `at(0)` is before the first step. Each moment is made once. */
export interface Moments {
  readonly recording: Recording
  at(moment: number): Keys
  /** The moments right after the steps that collided, in order. */
  readonly colliding: readonly number[]
}

export function momentsOf(given: Recording): Moments {
  const collision = given.collision ?? (given.failure && collisionOf(given))
  const recording = collision === undefined ? given : { ...given, collision }
  const { steps } = recording
  const made: Keys[] = [keysOf(recording.before)]
  return {
    recording,
    at(moment) {
      for (let next = made.length; next <= moment; next += 1) {
        const [before, step] = [made[next - 1], steps[next - 1]]
        if (before === undefined || step === undefined) break
        made.push(apply(before, step))
      }
      return made[Math.min(moment, made.length - 1)] ?? new Map()
    },
    colliding: collidingSteps(collision)
      .map((n) => steps.findIndex((step) => step.n === n) + 1)
      .filter((moment) => moment > 0),
  }
}
