import { existsSync } from 'node:fs'
import path from 'node:path'
import { ownFolder } from '../common/own-folder.ts'
import type { Course } from './lesson.ts'

/** Everything named after a lesson; absolute paths. `rightAnswers` is a folder. */
export interface LessonFiles {
  readonly lesson: string
  readonly starter: string
  readonly solution: string
  readonly suite: string
  readonly workspace: string
  readonly rightAnswers: string
  readonly mistakes: string
}

/** Where the files of a lesson are or would be; doesn't check whether they exist. */
export function filesOf(course: Pick<Course, 'root'>, slug: string): LessonFiles {
  const at = (...parts: string[]) => path.join(course.root, ...parts)
  return {
    lesson: at('lessons', `${slug}.md`),
    starter: at('exercises', `${slug}.ts`),
    solution: at('solutions', `${slug}.ts`),
    suite: at('test', 'lessons', `${slug}.test.ts`),
    workspace: path.join(ownFolder(course.root), 'workspace', `${slug}.ts`),
    rightAnswers: at('test', 'right-answers', slug),
    mistakes: at('test', 'mistakes', `${slug}.md`),
  }
}

/**
 * The absolute path that `#built/<slug>` resolves to: the model solution or, if `mine` (the folder of the learner's
 * answers) has one, the learner's own answer.
 */
export function builtFile(root: string, slug: string, mine: string | undefined): string {
  const own = mine === undefined ? undefined : path.join(mine, `${slug}.ts`)
  return own !== undefined && existsSync(own) ? own : filesOf({ root }, slug).solution
}
