import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readHeader } from '../authoring/answer-header.ts'
import { type Course, filesOf } from '../course/index.ts'

/** One of the answers that the course itself keeps for a lesson. */
export interface KeptAnswer {
  readonly slug: string
  readonly kind: 'solution' | 'starter' | 'right' | 'wrong'
  /** The file, absolute. */
  readonly path: string
  /** Why the embedded Redis does not show this mistake, if it does not. */
  readonly notOnEmbedded: string | undefined
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
    { slug, kind: 'solution', path: files.solution, notOnEmbedded: undefined, name: `${slug}/solution` },
    { slug, kind: 'starter', path: files.starter, notOnEmbedded: undefined, name: `${slug}/starter` },
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
  return await Promise.all(
    names
      .filter((name) => name.endsWith('.ts'))
      .sort()
      .map(async (file) => {
        const path = join(folder, file)
        const header = readHeader(await readFile(path, 'utf8'))
        const notOnEmbedded = typeof header === 'string' ? undefined : header.notOnEmbedded
        return { slug, kind, path, notOnEmbedded, name: `${slug}/${kind}/${file.slice(0, -'.ts'.length)}` }
      }),
  )
}
