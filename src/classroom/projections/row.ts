import type { LessonProgress, LessonState } from '../../progress/index.ts'
import type { CurrentTask, LessonStatus, ParticipantRow, Status } from '../api.ts'
import type { Participant } from './class-state.ts'
import type { RowState } from './row-state.ts'
import { statusByTasks, type TaskMarks } from './task-marks.ts'

const statuses: Readonly<Record<LessonState, Status>> = {
  new: 'new',
  started: 'working',
  failing: 'failing',
  passed: 'passed',
  'passed-after-solution': 'passed-after-solution',
  skipped: 'skipped',
}

/** What the instructor sees of one participant. */
export function rowOf(participant: Participant, label: string, state: RowState): ParticipantRow {
  const { id, number, joinedAt, share, loweredAt = '', note } = participant
  const { checks, current, hand, seenAt, failure, tasks } = state
  const { lessons } = state.progress
  return {
    id,
    label,
    number,
    joinedAt,
    seenAt: seenAt !== undefined && seenAt > joinedAt ? seenAt : joinedAt,
    lessons: Object.fromEntries(lessons.map((lesson) => [lesson.slug, statusOf(lesson, tasks[lesson.slug])])),
    checks,
    ...(failure !== undefined && { failure }),
    ...(current !== undefined && { current: inClass(current, joinedAt) }),
    ...(hand !== undefined && hand.at > loweredAt && { hand }),
    ...(note !== undefined && { note }),
    sharesCode: share,
  }
}

/** Time before the class doesn't count, whatever the participant's clock said. */
function inClass(current: CurrentTask, joinedAt: string): CurrentTask {
  return current.since < joinedAt ? { ...current, since: joinedAt } : current
}

function statusOf(lesson: LessonProgress, marks: TaskMarks = ''): LessonStatus {
  const { state, attempts, hints, brokenSince } = lesson
  // A passed lesson stays passed in the learner's own list; the class should see that it's being worked on.
  const whole = brokenSince === undefined ? statuses[state] : 'failing'
  return {
    light: statusByTasks(lesson, whole, marks),
    attempts,
    hints: Object.values(hints).reduce((sum, steps) => sum + steps, 0),
    ...(marks !== '' && { tasks: marks }),
  }
}
