import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Course, filesOf } from '../course/index.ts'

/** One of the answers that the course itself keeps for a lesson. */
export interface KeptAnswer {
  readonly slug: string
  readonly kind: 'solution' | 'starter' | 'right' | 'wrong'
  /** The file, absolute. */
  readonly path: string
  /** `07-concurrency/wrong/xlen-then-xadd`, unique in the course. */
  readonly name: string
}

/** Every answer of these lessons: the solution, the starter, and the right and wrong ones beside the tests. */
export async function keptAnswers(course: Course, slugs: readonly string[]): Promise<readonly KeptAnswer[]> {
  const lists = await Promise.all(slugs.map((slug) => answersOf(course, slug)))
  return lists.flat()
}

async function answersOf(course: Course, slug: string): Promise<readonly KeptAnswer[]> {
  const files = filesOf(course, slug)
  return [
    { slug, kind: 'solution', path: files.solution, name: `${slug}/solution` },
    { slug, kind: 'starter', path: files.starter, name: `${slug}/starter` },
    ...(await inFolder(slug, 'right', files.rightAnswers)),
    ...(await inFolder(slug, 'wrong', files.wrongAnswers)),
  ]
}

async function inFolder(
  slug: string,
  kind: 'right' | 'wrong',
  folder: string,
): Promise<readonly KeptAnswer[]> {
  const names = await readdir(folder).catch(() => [])
  return names
    .filter((name) => name.endsWith('.ts'))
    .sort()
    .map((name) => ({
      slug,
      kind,
      path: join(folder, name),
      name: `${slug}/${kind}/${name.slice(0, -'.ts'.length)}`,
    }))
}
