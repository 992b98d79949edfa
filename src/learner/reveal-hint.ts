import type { Lesson } from '../course/index.ts'
import type { Learner } from './learner.ts'
import { type HintWish, type NextHint, nextHint } from './next-hint.ts'

/** The next hint for a lesson. If there's one, it's recorded as shown. */
export async function revealHint(
  { progress }: Pick<Learner, 'progress'>,
  lesson: Lesson,
  wish: HintWish = {},
): Promise<NextHint> {
  const hint = nextHint(lesson, progress.overview().lesson(lesson.slug), wish)
  if (hint.kind === 'hint') {
    await progress.record('HINT_REVEALED', lesson.slug, { task: hint.taskNumber, step: hint.step })
  }
  return hint
}
