import type { CheckEvent, LessonProgress, TaskOutcome } from '../../progress/index.ts'
import type { Status } from '../api.ts'

/**
 * One letter for each task that the class takes of a lesson, in order: `p` passed, `f` failed, `s` skipped with a
 * reason, `-` not tried yet. A string, because a hub has one for each lesson of thousands of participants.
 */
export type TaskMarks = string

const letters: Readonly<Record<TaskOutcome['state'], string>> = {
  passed: 'p',
  failed: 'f',
  skipped: 's',
  'not reached': '-',
}

/** The marks after another check. A task that it didn't reach keeps its mark. */
export function tasksAfter(
  before: Readonly<Record<string, TaskMarks>>,
  event: CheckEvent,
  names: readonly string[],
): Readonly<Record<string, TaskMarks>> {
  if (names.length === 0) return before
  const { entityId: slug, payload, eventType } = event
  const states = new Map(payload.tasks.map(({ task, state }) => [task, letters[state]]))
  const missing = eventType === 'CHECK_PASSED' ? 'p' : '-'
  const marks = names.map((name, index) => {
    const letter = states.get(name) ?? missing
    return letter === '-' ? (before[slug]?.[index] ?? '-') : letter
  })
  return { ...before, [slug]: marks.join('') }
}

/** Green once every task that the class takes is done, even if the lesson has more; otherwise as it was. */
export function statusByTasks(
  { state, solutionSeen }: LessonProgress,
  otherwise: Status,
  marks: TaskMarks,
): Status {
  if (!/^[ps]+$/.test(marks) || state === 'skipped') return otherwise
  if (state === 'passed' || state === 'passed-after-solution') return state
  return solutionSeen ? 'passed-after-solution' : 'passed'
}
