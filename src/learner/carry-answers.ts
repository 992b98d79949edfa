import { constants, existsSync } from 'node:fs'
import { copyFile, mkdir } from 'node:fs/promises'
import { basename, join, parse } from 'node:path'
import type { Course } from '../course/index.ts'
import type { Home } from './paths.ts'

/** Beside an exported log: the folder of the answers that belong to it. */
export function answersBeside(file: string): string {
  const { dir, name } = parse(file)
  return join(dir, `${name}-answers`)
}

/** Copies all answers into a folder; an older copy there is replaced. Returns how many. */
export async function exportAnswers(course: Course, home: Home, folder: string): Promise<number> {
  const files = course.lessons.map(({ slug }) => home.answer(slug)).filter((file) => existsSync(file))
  if (files.length === 0) return 0
  await mkdir(folder, { recursive: true })
  await Promise.all(files.map((file) => copyFile(file, join(folder, basename(file)))))
  return files.length
}

export interface ImportedAnswers {
  /** Copied to the workspace. */
  readonly copied: number
  /** Lessons with an answer of their own here, which was kept. */
  readonly kept: readonly string[]
}

/** Copies the answers of a folder to the workspace, and never over an answer that's there. */
export async function importAnswers(course: Course, home: Home, folder: string): Promise<ImportedAnswers> {
  const there = course.lessons.filter(({ slug }) => existsSync(join(folder, `${slug}.ts`)))
  if (there.length > 0) await mkdir(home.workspace, { recursive: true })
  let copied = 0
  const kept: string[] = []
  for (const { slug } of there) {
    try {
      await copyFile(join(folder, `${slug}.ts`), home.answer(slug), constants.COPYFILE_EXCL)
      copied += 1
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      kept.push(slug)
    }
  }
  return { copied, kept }
}
