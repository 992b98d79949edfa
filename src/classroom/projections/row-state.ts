import {
  type CheckEvent,
  COURSE,
  evolve,
  initialState,
  isOwnCheck,
  isUnbegun,
  type ProgressEvent,
  type ProgressState,
} from '../../progress/index.ts'
import type { CheckDot, CurrentTask, Hand } from '../api.ts'

/** What one participant's progress amounts to for the class. Plain data: a snapshot is its JSON. */
export interface RowState {
  readonly progress: ProgressState
  /** The last ones, oldest first. */
  readonly checks: readonly CheckDot[]
  readonly current?: CurrentTask
  readonly hand?: Hand
  /** Of the last event, by the hub's clock. */
  readonly seenAt?: string
}

export const newRow: RowState = { progress: initialState, checks: [] }

/** How many checks are kept for the timeline. */
const CHECKS = 30
/** More lessons than any course has: beyond that, someone is making them up. */
const LESSONS = 200

/** The row after another event, whose time is by the hub's clock. Pure; `classId` says whose hands count. */
export function evolveRow(before: RowState, event: ProgressEvent, classId: string): RowState {
  const state = { ...before, progress: progressAfter(before.progress, event), seenAt: event.timestamp }
  switch (event.eventType) {
    case 'LESSON_OPENED':
      return state.current?.slug === event.entityId
        ? state
        : { ...state, current: { slug: event.entityId, since: event.timestamp, attempts: 0 } }
    case 'CHECK_FAILED':
    case 'CHECK_PASSED':
      return isOwnCheck(event) ? checked(state, event) : state
    case 'LESSON_SKIPPED':
      return state.current?.slug === event.entityId ? without(state, 'current') : state
    case 'HAND_RAISED':
      return event.payload.class === classId ? { ...state, hand: handOf(event, state) } : state
    case 'HAND_LOWERED':
      return event.payload.class === classId ? without(state, 'hand') : state
    default:
      return state
  }
}

function checked(before: RowState, event: CheckEvent): RowState {
  const state = { ...before, checks: [...before.checks, dotOf(event)].slice(-CHECKS) }
  if (event.eventType === 'CHECK_FAILED') return { ...state, current: currentAfter(state.current, event) }
  const working = state.current?.slug === event.entityId ? without(state, 'current') : state
  // They've solved it.
  return working.hand?.slug === event.entityId ? without(working, 'hand') : working
}

/** A check as a dot on the timeline. */
export function dotOf(event: CheckEvent): CheckDot {
  const { entityId: slug, timestamp: at } = event
  if (event.eventType === 'CHECK_PASSED') return { at, slug, passed: true }
  const { task, diagnosis } = event.payload
  const unbegun = isUnbegun(event) ? { unbegun: true as const } : {}
  return { at, slug, passed: false, ...(task !== undefined && { task }), diagnosis, ...unbegun }
}

function currentAfter(
  before: CurrentTask | undefined,
  { entityId: slug, timestamp, payload }: Extract<CheckEvent, { eventType: 'CHECK_FAILED' }>,
): CurrentTask {
  const task = payload.task ?? before?.task
  const atTask = task === undefined ? {} : { task }
  if (before?.slug !== slug) return { slug, ...atTask, since: timestamp, attempts: 1 }
  // The first check only shows which task they've been on since they opened the lesson.
  const isSame = before.task === task || before.task === undefined
  return isSame
    ? { slug, ...atTask, since: before.since, attempts: before.attempts + 1 }
    : { slug, ...atTask, since: timestamp, attempts: 1 }
}

function handOf(event: Extract<ProgressEvent, { eventType: 'HAND_RAISED' }>, state: RowState): Hand {
  const slug = event.entityId === COURSE ? state.current?.slug : event.entityId
  return { at: event.timestamp, text: event.payload.text, ...(slug !== undefined && { slug }) }
}

/** Answers to the quiz are the learner's own business, and would be most of a snapshot. */
function progressAfter(progress: ProgressState, event: ProgressEvent): ProgressState {
  if (event.eventType === 'QUIZ_ANSWERED') return progress
  const isNew = !progress.lessons.some(({ slug }) => slug === event.entityId)
  return isNew && progress.lessons.length >= LESSONS ? progress : evolve(progress, event)
}

function without(state: RowState, name: 'current' | 'hand'): RowState {
  const { [name]: _, ...rest } = state
  return rest
}
