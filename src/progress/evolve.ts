import { isKnown } from './decode.ts'
import type { Envelope, Payloads, ProgressEvent, StoredEvent } from './event.ts'
import { isOwnCheck } from './own-check.ts'
import { initialState, isPassed, type LessonProgress, newLesson, type ProgressState } from './state.ts'

type EventOf<Type extends keyof Payloads> = Envelope<Type, Payloads[Type]>

/** The state after another event. Pure: no clock, no file, and its input isn't changed. */
export function evolve(state: ProgressState, event: ProgressEvent): ProgressState {
  switch (event.eventType) {
    case 'LOG_OPENED':
    // A raised hand is for the class; it says nothing about progress.
    case 'HAND_RAISED':
    case 'HAND_LOWERED':
      return state
    case 'LESSON_OPENED':
      return { ...change(state, event, (lesson) => opened(lesson, event)), current: event.entityId }
    case 'CHECK_FAILED':
      if (!isOwnCheck(event)) return state
      return { ...change(state, event, (lesson) => failed(lesson, event)), current: event.entityId }
    case 'CHECK_PASSED':
      if (!isOwnCheck(event)) return state
      return { ...change(state, event, (lesson) => passed(lesson, event)), current: event.entityId }
    case 'HINT_REVEALED':
      return change(state, event, (lesson) => hinted(lesson, event))
    case 'SOLUTION_REVEALED':
      return change(state, event, (lesson) => ({ ...lesson, solutionSeen: true }))
    case 'LESSON_RESET':
      return change(state, event, (lesson) => reset(lesson, event))
    case 'LESSON_SKIPPED':
      return change(state, event, (lesson) => (isPassed(lesson) ? lesson : { ...lesson, state: 'skipped' }))
    case 'QUIZ_ANSWERED':
      return change(state, event, (lesson) => answered(lesson, event))
    case 'LESSON_READ':
      return change(state, event, (lesson) => ({ ...lesson, readAt: lesson.readAt ?? event.timestamp }))
    case 'TRACK_CHOSEN':
      // The start is where the track begins, not at a lesson that may be outside it.
      return { ...state, track: event.payload.track, current: undefined }
    case 'PLACEMENT_TAKEN':
      return {
        ...state,
        placement: { ...event.payload, at: event.timestamp },
        // Whatever was open before, this is where the learner should start.
        current: event.payload.startAt,
      }
    default:
      event satisfies never
      return state
  }
}

/** The state that results from a log; events of unknown types don't count. */
export function fold(events: Iterable<StoredEvent>): ProgressState {
  let state = initialState
  for (const event of events) if (isKnown(event)) state = evolve(state, event)
  return state
}

function change(
  state: ProgressState,
  event: ProgressEvent,
  by: (lesson: LessonProgress) => LessonProgress,
): ProgressState {
  // A list, not a Map: copying a Map of 31 lessons for each event took half the time of a fold.
  const index = state.lessons.findIndex((lesson) => lesson.slug === event.entityId)
  const before = state.lessons[index]
  if (before === undefined) return { ...state, lessons: [...state.lessons, by(newLesson(event.entityId))] }
  return { ...state, lessons: state.lessons.with(index, by(before)) }
}

function opened(lesson: LessonProgress, { timestamp, payload }: EventOf<'LESSON_OPENED'>): LessonProgress {
  return stamped(begun(lesson, timestamp), payload.fingerprint ?? lesson.fingerprint)
}

function begun(lesson: LessonProgress, at: string): LessonProgress {
  const state = lesson.state === 'new' || lesson.state === 'skipped' ? 'started' : lesson.state
  return { ...lesson, state, firstOpened: lesson.firstOpened ?? at }
}

function failed(before: LessonProgress, event: EventOf<'CHECK_FAILED'>): LessonProgress {
  // Watch checks the starter as soon as it's there, and that isn't the learner's attempt.
  if (event.payload.untouched === true && !isPassed(before)) {
    return stamped(begun(before, event.timestamp), before.fingerprint ?? event.payload.fingerprint)
  }
  const lesson = {
    ...begun(before, event.timestamp),
    attempts: before.attempts + 1,
    lastDiagnosis: event.payload.diagnosis,
  }
  // The older fingerprint stays, because a change of the lesson may be the reason why the answer fails now.
  const known = stamped(lesson, before.fingerprint ?? event.payload.fingerprint)
  if (!isPassed(before)) return { ...known, state: 'failing' }
  return { ...known, brokenSince: before.brokenSince ?? event.timestamp }
}

function passed(before: LessonProgress, event: EventOf<'CHECK_PASSED'>): LessonProgress {
  const { lastDiagnosis: _, brokenSince: __, ...lesson } = begun(before, event.timestamp)
  const helped = before.passedAt === undefined ? before.solutionSeen : before.helped
  const { skipped, fingerprint } = event.payload
  return {
    ...stamped(lesson, fingerprint),
    state: helped ? 'passed-after-solution' : 'passed',
    attempts: before.attempts + 1,
    passedAt: before.passedAt ?? event.timestamp,
    // A pass on a real server isn't undone by a later one on the embedded Redis.
    skippedTasks: isPassed(before) ? Math.min(before.skippedTasks, skipped) : skipped,
    helped,
  }
}

function hinted(lesson: LessonProgress, event: EventOf<'HINT_REVEALED'>): LessonProgress {
  const { task, step } = event.payload
  const before = lesson.hintSteps[task] ?? []
  const steps = before.includes(step) ? before : [...before, step]
  return {
    ...lesson,
    hints: { ...lesson.hints, [task]: steps.length },
    hintSteps: { ...lesson.hintSteps, [task]: steps },
  }
}

/** Back to the start; the history (attempts, first pass, solution seen, quiz) stays. */
function reset(before: LessonProgress, { payload }: EventOf<'LESSON_RESET'>): LessonProgress {
  const { lastDiagnosis: _, brokenSince: __, ...lesson } = before
  return {
    ...stamped(lesson, payload.fingerprint),
    state: 'started',
    hints: {},
    hintSteps: {},
    skippedTasks: 0,
    resets: before.resets + 1,
  }
}

function answered(lesson: LessonProgress, event: EventOf<'QUIZ_ANSWERED'>): LessonProgress {
  const { question, answer, right } = event.payload
  const before = lesson.quiz.find((one) => one.question === question)
  const after = {
    question,
    answer,
    right,
    rightAtFirst: before?.rightAtFirst ?? right,
    times: (before?.times ?? 0) + 1,
  }
  const quiz = before ? lesson.quiz.map((one) => (one === before ? after : one)) : [...lesson.quiz, after]
  return { ...lesson, quiz }
}

/** The same lesson with only this fingerprint; with none if there's none. */
function stamped(lesson: LessonProgress, fingerprint: string | undefined): LessonProgress {
  const { fingerprint: _, ...rest } = lesson
  return fingerprint === undefined ? rest : { ...rest, fingerprint }
}
