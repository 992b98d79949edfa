import { readFile } from 'node:fs/promises'
import { type Course, filesOf } from '../course/index.ts'
import { isPassed, type ProgressLog } from '../progress/index.ts'

/** Has the learner nothing to lose any more by seeing the solution? */
export function maySeeSolution({ progress }: { readonly progress: ProgressLog }, slug: string): boolean {
  const lesson = progress.overview().lesson(slug)
  return lesson.solutionSeen || isPassed(lesson)
}

/** The model solution as it stands in its file; from now on the learner has seen it. */
export async function revealSolution(
  desk: { readonly course: Course; readonly progress: ProgressLog },
  slug: string,
): Promise<string> {
  const text = await readFile(filesOf(desk.course, slug).solution, 'utf8')
  await desk.progress.record('SOLUTION_REVEALED', slug, {})
  return text
}
