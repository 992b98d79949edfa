import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { readMistakes } from '../../src/authoring/mistakes/files.ts'
import { type Course, filesOf } from '../../src/course/index.ts'

/** One of the answers that the course keeps for a lesson. */
export interface KeptAnswer {
  readonly slug: string
  readonly kind: 'solution' | 'starter' | 'right' | 'mistake'
  /** The file, absolute. */
  readonly path: string
  /** Why the embedded Redis doesn't show this mistake, if it doesn't. */
  readonly notOnEmbedded: string | undefined
  /** `07-concurrency/mistake/xlen-then-xadd`, unique in the course. */
  readonly name: string
}

/** Every answer of these lessons: the solution, the starter, the right answers and the mistakes next to the tests. */
export async function keptAnswers(course: Course, slugs: readonly string[]): Promise<readonly KeptAnswer[]> {
  const lists = await Promise.all(slugs.map((slug) => answersOf(course, slug)))
  return lists.flat()
}

async function answersOf(course: Course, slug: string): Promise<readonly KeptAnswer[]> {
  const files = filesOf(course, slug)
  const { answers } = await readMistakes(course, slug)
  const always = { slug, notOnEmbedded: undefined } as const
  return [
    { ...always, kind: 'solution', path: files.solution, name: `${slug}/solution` },
    { ...always, kind: 'starter', path: files.starter, name: `${slug}/starter` },
    ...(await namesIn(files.rightAnswers)).map((name) => {
      const path = join(files.rightAnswers, `${name}.ts`)
      return { ...always, kind: 'right', path, name: `${slug}/right/${name}` } as const
    }),
    ...answers.map(({ name, path, notOnEmbedded }) => {
      return { slug, kind: 'mistake', path, notOnEmbedded, name: `${slug}/mistake/${name}` } as const
    }),
  ]
}

async function namesIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => [])
  return names
    .filter((name) => name.endsWith('.ts'))
    .map((name) => basename(name, '.ts'))
    .sort()
}
