import { readFile } from 'node:fs/promises'
import { type Course, filesOf } from '../course/index.ts'
import { isPassed, type ProgressLog } from '../progress/index.ts'

/** Whether the learner has nothing more to lose by seeing the solution. */
export function maySeeSolution({ progress }: { readonly progress: ProgressLog }, slug: string): boolean {
  const lesson = progress.overview().lesson(slug)
  return lesson.solutionSeen || isPassed(lesson)
}

/** Asks before showing any of the solution, in the words of the key or command that would show it. */
export function spoilerQuestion(by: 'solution' | 'diff'): string {
  const what = by === 'diff' ? 'Compare with the solution' : 'Show the solution'
  return `${what}? A pass after this counts as "passed after the solution."`
}

/** The model solution as it is in its file. Records that the learner has seen it. */
export async function revealSolution(
  learner: { readonly course: Course; readonly progress: ProgressLog },
  slug: string,
): Promise<string> {
  const text = await readFile(filesOf(learner.course, slug).solution, 'utf8')
  await learner.progress.record('SOLUTION_REVEALED', slug, {})
  return text
}
