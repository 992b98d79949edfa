import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { type Course, filesOf, type Lesson, type LessonFiles } from '../course/index.ts'
import { readMistakes } from './mistakes/files.ts'
import type { BrokenSection, Mistake } from './mistakes/section.ts'

/** One of the course's own answers, to try the tests on. */
export interface Answer {
  /** Absolute. */
  readonly path: string
  /** Relative to the project, with forward slashes. */
  readonly shown: string
  readonly text: string
}

/** An answer that a mistake makes; `shown` is its section, `test/mistakes/07-concurrency.md#clock-as-id`. */
export interface MistakenAnswer extends Answer, Mistake {}

/** All files of one lesson, read. A missing file is undefined. */
export interface LessonSources {
  readonly lesson: Lesson
  readonly files: LessonFiles
  readonly starter: string | undefined
  readonly solution: string | undefined
  readonly suite: string | undefined
  readonly right: readonly Answer[]
  readonly wrong: readonly MistakenAnswer[]
  /** Sections that make no answer. */
  readonly brokenMistakes: readonly BrokenSection[]
  /** A section as findings show it. */
  shownMistake(name: string): string
  /** A path as findings show it. */
  shown(file: string): string
}

export async function readSources(course: Course, slug: string): Promise<LessonSources> {
  const files = filesOf(course, slug)
  const shown = (file: string) => path.relative(course.root, file).split(path.sep).join('/')
  const shownMistake = (name: string) => `${shown(files.mistakes)}#${name}`
  const { answers, broken } = await readMistakes(course, slug)
  return {
    lesson: await course.lesson(slug),
    files,
    starter: await textOf(files.starter),
    solution: await textOf(files.solution),
    suite: await textOf(files.suite),
    right: await answersIn(files.rightAnswers, shown),
    wrong: answers.map((answer) => ({ ...answer, shown: shownMistake(answer.name) })),
    brokenMistakes: broken,
    shownMistake,
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
