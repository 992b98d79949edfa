import type { Lesson, Task } from '../course/index.ts'
import type { Payloads, StoredEvent } from '../progress/index.ts'
import type { Learner } from './learner.ts'

type Check = Payloads['CHECK_PASSED'] | Payloads['CHECK_FAILED']

/** The last verdict on the learner's own answer since the lesson was last started. */
export function lastCheck({ progress }: Pick<Learner, 'progress'>, slug: string): Check | undefined {
  const event = progress.since(0).findLast((one) => one.entityId === slug && isOfInterest(one))
  return event === undefined || event.eventType === 'LESSON_RESET' ? undefined : (event.payload as Check)
}

function isOfInterest({ eventType, payload }: StoredEvent): boolean {
  if (eventType === 'LESSON_RESET') return true
  if (eventType !== 'CHECK_FAILED' && eventType !== 'CHECK_PASSED') return false
  return (payload as Check).target === 'workspace'
}

/** Why the first failing task failed in the last check; undefined if there was none, or it passed. */
export function lastDiagnosis(
  learner: Pick<Learner, 'progress'>,
  { slug }: Pick<Lesson, 'slug'>,
): string | undefined {
  const check = lastCheck(learner, slug)
  return check !== undefined && 'diagnosis' in check ? check.diagnosis : undefined
}

/** The task that the learner is on: the first that didn't pass in the last check; undefined if all passed. */
export function taskAtHand(learner: Pick<Learner, 'progress'>, lesson: Lesson): Task | undefined {
  const check = lastCheck(learner, lesson.slug)
  if (check === undefined) return lesson.tasks[0]
  const done = new Set(
    check.tasks.filter(({ state }) => state === 'passed' || state === 'skipped').map(({ task }) => task),
  )
  return lesson.tasks.find(({ name }) => !done.has(name))
}
