import {
  apply,
  collidingSteps,
  collisionOf,
  type Keys,
  type KeyView,
  keysOf,
  keyViews,
  type LaneView,
  laneView,
  type Recording,
  type Step,
  sentenceOf,
  undo,
} from '../recording/index.ts'
import type { EntityStates } from './entity-state.ts'

/** A recording on the screen, and how far it has been stepped through. */
export interface Explorer {
  readonly recording: Recording
  readonly lanes: LaneView
  /** How many steps have been done; 0 is before the first one. */
  readonly at: number
  /** All keys before the current step and after it. */
  readonly before: Keys
  readonly after: Keys
  /** Only keys that contain this are shown. */
  readonly filter: string
  /** The states of entities, if the lesson names a fold. */
  readonly states?: EntityStates | undefined
  /** What has been typed after `/`; undefined while no filter is being typed. */
  readonly typing?: string
  /** Lines that the keys are scrolled down, or up, from where the changes are in view. */
  readonly scrolled?: number
  /** This is what the model solution does; `m` leads back. */
  readonly isModel?: true
  /** `m` was pressed. */
  readonly asksForModel?: true
  /** `?` was pressed; the next key leads back. */
  readonly showsKeys?: true
  /** `w` was pressed: nothing of the current step is cut off. */
  readonly showsWhole?: true
  /** A sentence about the last key press. */
  readonly notice?: string
  /** How it was left; undefined while it's on the screen. */
  readonly left?: 'quit' | 'interrupted'
}

/** Instead of steps: an answer that isn't written yet, or that throws before it sends anything. */
export const NO_STEPS = 'This test ended before it sent a command to Redis, so there are no steps.'

/** Begins at the collision if there's one, because that's what a learner is looking for; else before the first step. */
export function openExplorer(given: Recording, states?: EntityStates): Explorer {
  const collision = given.collision ?? (given.failure && collisionOf(given))
  const recording = collision === undefined ? given : { ...given, collision }
  const keys = keysOf(recording.before)
  const opened: Explorer = {
    recording,
    lanes: laneView(recording),
    at: 0,
    before: keys,
    after: keys,
    filter: '',
    ...(states && { states }),
  }
  const last = collidingSteps(collision).at(-1)
  return last === undefined ? opened : goTo(opened, indexOf(opened, last) + 1)
}

/** Steps forward or back, one step at a time, to where `at` steps have been done. */
export function goTo(explorer: Explorer, at: number): Explorer {
  const { steps } = explorer.recording
  const target = Math.min(Math.max(at, 0), steps.length)
  let { at: now, before, after } = explorer
  for (; now < target; now += 1) {
    const step = steps[now]
    if (step !== undefined) [before, after] = [after, apply(after, step)]
  }
  if (now > target) {
    for (; now > target; now -= 1) after = undone(after, steps[now - 1])
    before = undone(after, steps[now - 1])
  }
  const { scrolled, notice, ...rest } = explorer
  return { ...rest, at: target, before, after }
}

/** Another run as this one is shown: after as many steps, with the same filter. */
export function inPlaceOf(explorer: Explorer, other: Explorer): Explorer {
  return withFilterOf(explorer, goTo(other, explorer.at))
}

export function withFilterOf({ filter, typing }: Explorer, other: Explorer): Explorer {
  const { typing: _, notice, ...rest } = other
  return { ...rest, filter, ...(typing !== undefined && { typing }) }
}

/** The keys before and after the current step, each followed by the state of the entity whose events it holds. */
export function viewsOf({ before, after, filter, states }: Explorer): readonly KeyView[] {
  return keyViews(before, after, filter).flatMap((view) => {
    const state = states?.(view.key, before, after)
    return state === undefined ? [view] : [view, state]
  })
}

function undone(keys: Keys, step: Step | undefined): Keys {
  return step === undefined ? keys : undo(keys, step)
}

/** To the next step of the collision, in the order in which they ran; after the last one, to the first. */
export function toCollision(explorer: Explorer): Explorer {
  const { collision } = explorer.recording
  if (collision === undefined) return { ...explorer, notice: 'No commands in this run collided.' }
  const marked = collidingSteps(collision).map((n) => indexOf(explorer, n) + 1)
  const next = marked.find((at) => at > explorer.at) ?? marked[0] ?? explorer.at
  return { ...goTo(explorer, next), notice: sentenceOf(collision) }
}

function indexOf({ recording }: Explorer, n: number): number {
  return recording.steps.findIndex((step) => step.n === n)
}
