import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { capitalize } from '../common/capitalize.ts'
import { filesOf, type Lesson } from '../course/index.ts'
import type { Learner } from './learner.ts'

/** Instead of other ways. */
export const NO_OTHER_WAYS = 'This copy of the course has only the model solution.'

/**
 * Answers that were written in other ways, as Markdown whose first heading is of that level; undefined if there are
 * none. They give away as much as the solution.
 */
export async function otherWays(
  { course }: Pick<Learner, 'course'>,
  { slug, number }: Pick<Lesson, 'slug' | 'number'>,
  level = 1,
): Promise<string | undefined> {
  const folder = filesOf(course, slug).rightAnswers
  const names = await rightAnswers(course, slug)
  if (names.length === 0) return undefined
  const texts = await Promise.all(names.map((name) => readFile(path.join(folder, `${name}.ts`), 'utf8')))
  const parts = names.map(
    (name, index) =>
      `${'#'.repeat(level + 1)} ${titleOf(name)}\n\n\`\`\`\`ts\n${(texts[index] ?? '').trimEnd()}\n\`\`\`\``,
  )
  return [`${'#'.repeat(level)} Other ways to do lesson ${number}`, ...parts].join('\n\n')
}

/** The names of the right answers that come with the course; none if it came without its tests. */
export async function rightAnswers(course: Learner['course'], slug: string): Promise<readonly string[]> {
  const names = await readdir(filesOf(course, slug).rightAnswers).catch(() => [])
  return names
    .filter((name) => name.endsWith('.ts'))
    .map((name) => name.slice(0, -'.ts'.length))
    .sort()
}

/** `with-lua` as words. */
export function titleOf(name: string): string {
  return capitalize(name.replaceAll('-', ' '))
}
