import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { ownFolder } from '../common/own-folder.ts'
import type { FrontMatter } from './front-matter.ts'

/** A lesson's front matter as it was when its file had this size and time of its last change. */
export interface CachedLesson {
  readonly size: number
  /** Milliseconds, with the fraction that the file system keeps. */
  readonly mtime: number
  readonly frontMatter: FrontMatter
}

/** By file name. */
export type CourseIndex = Readonly<Record<string, CachedLesson>>

/** Raised whenever FrontMatter changes, so that an older kit's index is ignored. */
const format = 3

export function indexFile(root: string): string {
  return path.join(ownFolder(root), '.eventlings', 'cache', 'course.json')
}

/** The index as last written. A missing, torn or foreign one counts as empty: it's only a shortcut. */
export async function readIndex(root: string): Promise<CourseIndex> {
  try {
    const index: unknown = JSON.parse(await readFile(indexFile(root), 'utf8'))
    if (!isObject(index) || index.format !== format || !isObject(index.lessons)) return {}
    const entries = Object.entries(index.lessons).filter((entry): entry is [string, CachedLesson] =>
      isCachedLesson(entry[1]),
    )
    return Object.fromEntries(entries)
  } catch {
    return {}
  }
}

/** Writes the index whole or not at all. A read-only folder costs time but never causes an error. */
export async function writeIndex(root: string, lessons: CourseIndex): Promise<void> {
  const file = indexFile(root)
  const temporary = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}.tmp`
  try {
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(temporary, JSON.stringify({ format, lessons }))
    await rename(temporary, file)
  } catch {
    await rm(temporary, { force: true }).catch(() => {})
  }
}

function isCachedLesson(value: unknown): value is CachedLesson {
  return (
    isObject(value) &&
    typeof value.size === 'number' &&
    typeof value.mtime === 'number' &&
    isFrontMatter(value.frontMatter)
  )
}

/** Checked by hand: loading zod to check the shortcut would make it a detour. */
function isFrontMatter(value: unknown): value is FrontMatter {
  return (
    isObject(value) &&
    typeof value.title === 'string' &&
    typeof value.chapter === 'string' &&
    typeof value.minutes === 'number' &&
    [value.after, value.needs, value.exports, value.allow].every(isTexts) &&
    (value.fold === undefined || (isObject(value.fold) && isTexts([value.fold.keys, value.fold.by])))
  )
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
