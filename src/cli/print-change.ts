import type { LessonSummary } from '../course/index.ts'
import { changeNote } from '../learner/index.ts'
import type { Learner } from '../learner/learner.ts'
import { paintLines } from '../terminal/text.ts'
import { wrap } from '../terminal/wrap.ts'
import type { Context } from './context.ts'

/** Says which of the lessons have changed since the learner began or passed them, if any have. */
export async function printChange(
  { print, palette, width }: Context,
  learner: Learner,
  lessons: readonly LessonSummary[],
): Promise<void> {
  const note = await changeNote(learner, lessons)
  if (note !== undefined) print(`\n${paintLines(wrap(note, { width }), palette)}`)
}
