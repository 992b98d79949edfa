import { readFile } from 'node:fs/promises'
import { type Course, filesOf } from '../course/index.ts'
import { isPassed, type ProgressLog } from '../progress/index.ts'

/** Whether the learner has nothing more to lose by seeing the solution. */
export function maySeeSolution({ progress }: { readonly progress: ProgressLog }, slug: string): boolean {
  const lesson = progress.overview().lesson(slug)
  return lesson.solutionSeen || isPassed(lesson)
}

/** The model solution as it is in its file. Records that the learner has seen it. */
export async function revealSolution(
  desk: { readonly course: Course; readonly progress: ProgressLog },
  slug: string,
): Promise<string> {
  const text = await readFile(filesOf(desk.course, slug).solution, 'utf8')
  await desk.progress.record('SOLUTION_REVEALED', slug, {})
  return text
}
