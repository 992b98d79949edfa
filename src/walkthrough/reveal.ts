import { readFile } from 'node:fs/promises'
import { filesOf } from '../course/index.ts'
import { isPassed } from '../progress/index.ts'
import type { Desk } from './desk.ts'

/** Has the learner nothing to lose any more by seeing the solution? */
export function maySeeSolution({ progress }: Pick<Desk, 'progress'>, slug: string): boolean {
  const lesson = progress.overview().lesson(slug)
  return lesson.solutionSeen || isPassed(lesson)
}

/** The model solution as it stands in its file; from now on the learner has seen it. */
export async function revealSolution(desk: Pick<Desk, 'course' | 'progress'>, slug: string): Promise<string> {
  const text = await readFile(filesOf(desk.course, slug).solution, 'utf8')
  await desk.progress.record('SOLUTION_REVEALED', slug, {})
  return text
}
