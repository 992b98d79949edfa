import type { Checker } from '../check/index.ts'
import type { Recording } from '../recording/index.ts'
import type { Learner } from './learner.ts'
import { maySeeSolution } from './reveal.ts'

/** What the model solution does in the test of a recording, or a sentence that says why it isn't shown. */
export async function modelRun(
  learner: Pick<Learner, 'course' | 'progress'>,
  checker: Pick<Checker, 'check' | 'record'>,
  { lesson, task, test }: Recording,
): Promise<Recording | string> {
  if (!learner.course.lessons.some(({ slug }) => slug === lesson))
    return `This course has no lesson ${lesson}, so it has no model solution.`
  if (!maySeeSolution(learner, lesson))
    return "Once you've passed this lesson or seen its solution, m shows what the model solution does."
  const of = await checker.check(lesson, { kind: 'solution' }, { record: true })
  return (
    (await checker.record({ of, task, test })) ?? "The model solution's run couldn't be recorded. Try again."
  )
}
