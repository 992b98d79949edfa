import type { LessonProgress, LessonState } from '../../progress/index.ts'
import type { LessonLight, Light, ParticipantRow } from '../api.ts'
import type { Participant } from './class-state.ts'
import type { RowState } from './row-state.ts'

const lights: Readonly<Record<LessonState, Light>> = {
  new: 'new',
  started: 'working',
  failing: 'failing',
  passed: 'passed',
  'passed-after-solution': 'passed-after-solution',
  skipped: 'skipped',
}

/** What the instructor sees of one participant. Only the lessons in `slugs`: the class's columns. */
export function rowOf(
  participant: Participant,
  label: string,
  state: RowState,
  slugs: ReadonlySet<string>,
): ParticipantRow {
  const { id, number, joinedAt, share, loweredAt = '' } = participant
  const { checks, current, hand, seenAt } = state
  const lessons = state.progress.lessons.filter(({ slug }) => slugs.has(slug))
  return {
    id,
    label,
    number,
    joinedAt,
    seenAt: seenAt !== undefined && seenAt > joinedAt ? seenAt : joinedAt,
    lessons: Object.fromEntries(lessons.map((lesson) => [lesson.slug, lightOf(lesson)])),
    checks,
    ...(current !== undefined && { current }),
    ...(hand !== undefined && hand.at > loweredAt && { hand }),
    sharesCode: share,
  }
}

function lightOf({ state, attempts, hints, brokenSince }: LessonProgress): LessonLight {
  // A passed lesson stays passed in the learner's own list; the class should see that it's being worked on.
  const light = brokenSince === undefined ? lights[state] : 'failing'
  return { light, attempts, hints: Object.values(hints).reduce((sum, steps) => sum + steps, 0) }
}
