import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { type Course, filesOf, type Lesson, type LessonFiles } from '../course/index.ts'

/** An answer of the course's own, to try the tests on. */
export interface Answer {
  /** Absolute. */
  readonly path: string
  /** Relative to the project, with forward slashes. */
  readonly shown: string
  readonly text: string
}

/** Everything that belongs to one lesson, read. A file that is missing is undefined. */
export interface Material {
  readonly lesson: Lesson
  readonly files: LessonFiles
  readonly starter: string | undefined
  readonly solution: string | undefined
  readonly suite: string | undefined
  readonly right: readonly Answer[]
  readonly wrong: readonly Answer[]
  /** A path as findings show it. */
  shown(file: string): string
}

export async function readMaterial(course: Course, slug: string): Promise<Material> {
  const files = filesOf(course, slug)
  const shown = (file: string) => path.relative(course.root, file).split(path.sep).join('/')
  return {
    lesson: await course.lesson(slug),
    files,
    starter: await textOf(files.starter),
    solution: await textOf(files.solution),
    suite: await textOf(files.suite),
    right: await answersIn(files.rightAnswers, shown),
    wrong: await answersIn(files.wrongAnswers, shown),
    shown,
  }
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function answersIn(folder: string, shown: (file: string) => string): Promise<readonly Answer[]> {
  const names = await readdir(folder).catch(() => [])
  const files = names.filter((name) => name.endsWith('.ts')).sort()
  return Promise.all(
    files.map(async (name) => {
      const file = path.join(folder, name)
      return { path: file, shown: shown(file), text: await readFile(file, 'utf8') }
    }),
  )
}
