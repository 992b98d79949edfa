import { join, resolve } from 'node:path'
import type { Target } from '../check/index.ts'
import { ownFolder } from '../common/own-folder.ts'
import type { Course } from '../course/index.ts'

/** Where a learner's files are: their answers and their progress. */
export interface Home {
  /** Contains workspace/ and .eventlings/. */
  readonly folder: string
  readonly workspace: string
  /** The folder of the progress log. */
  readonly log: string
  /** The learner's file for a lesson, whether it exists or not. */
  answer(slug: string): string
  /** What to check for it. */
  target(slug: string): Target
}

/** The learner's own folder, or the one in EVENTLINGS_HOME: a rehearsal works there and touches no one's answers. */
export function homeOf(course: Course, env: NodeJS.ProcessEnv): Home {
  const folder = resolve(env.EVENTLINGS_HOME || ownFolder(course.root))
  const workspace = join(folder, 'workspace')
  const answer = (slug: string) => join(workspace, `${slug}.ts`)
  return {
    folder,
    workspace,
    log: join(folder, '.eventlings'),
    answer,
    target: (slug) => ({ kind: 'workspace', path: answer(slug) }),
  }
}
