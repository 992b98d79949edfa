import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { projectRoot } from '../common/own-folder.ts'
import type { CachedLesson, CourseIndex } from './cache.ts'
import { readIndex, writeIndex } from './cache.ts'
import { BadLessonError, NoCourseError, UnknownLessonError } from './errors.ts'
import { filesOf } from './files.ts'
import { parseFrontMatter, splitFrontMatter } from './front-matter.ts'
import type { Course, Lesson, LessonSummary } from './lesson.ts'
import { nearestName } from './nearest.ts'
import { parseLesson } from './parse.ts'

/**
 * Reads the front matter of all lessons in `root`/lessons; only files named `NN-slug.md` are lessons. Front matter
 * that was read before comes from an index in .eventlings/cache, so that a plain list needs no parser. Throws
 * BadLessonError, or NoCourseError if there are no lessons at all.
 */
export async function loadCourse(root: string = projectRoot()): Promise<Course> {
  const names = await lessonFiles(root)
  const known = await readIndex(root)
  const entries = await Promise.all(
    names.map(async (name) => [name, await readEntry(root, name, known[name])] as const),
  )
  const index: CourseIndex = Object.fromEntries(entries)
  const lessons = entries.map(([name, entry]) => summary(name, entry))
  checkTogether(lessons)
  if (isNew(known, index)) await writeIndex(root, index)
  return { root, lessons, lesson: (slug) => readLesson(root, index, slug) }
}

async function lessonFiles(root: string): Promise<readonly string[]> {
  const entries = await readdir(path.join(root, 'lessons'), { withFileTypes: true }).catch(
    (error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
      throw error
    },
  )
  const names = entries
    .filter((entry) => !entry.isDirectory() && /^\d\d-[a-z0-9]+(-[a-z0-9]+)*\.md$/.test(entry.name))
    .map((entry) => entry.name)
  if (names.length === 0) throw new NoCourseError(root)
  return names.sort()
}

async function readEntry(root: string, name: string, known: CachedLesson | undefined): Promise<CachedLesson> {
  const file = path.join(root, 'lessons', name)
  const { size, mtimeMs, ctimeMs } = await stat(file)
  // Every file of an npm package has the same old date, but the system knows when it was put there.
  const mtime = Math.max(mtimeMs, ctimeMs)
  if (known?.size === size && known.mtime === mtime) return known
  const shown = `lessons/${name}`
  const { frontMatter } = splitFrontMatter(shown, await readFile(file, 'utf8'))
  return { size, mtime, frontMatter: await parseFrontMatter(shown, frontMatter) }
}

function isNew(known: CourseIndex, index: CourseIndex): boolean {
  const names = Object.keys(index)
  return names.length !== Object.keys(known).length || names.some((name) => known[name] !== index[name])
}

function summary(name: string, { frontMatter }: CachedLesson): LessonSummary {
  const { title, chapter, minutes, after, needs } = frontMatter
  return {
    slug: name.slice(0, -'.md'.length),
    number: name.slice(0, 2),
    title,
    chapter,
    minutes,
    after,
    needs,
  }
}

async function readLesson(root: string, index: CourseIndex, slug: string): Promise<Lesson> {
  const name = `${slug}.md`
  if (!index[name]) throw new UnknownLessonError(slug, [])
  // Checked again, because an author may be writing the lesson while this program runs.
  const entry = await readEntry(root, name, index[name])
  const file = filesOf({ root }, slug).lesson
  const { exports, allow, learned, fold } = entry.frontMatter
  const text = await parseLesson(`lessons/${name}`, await readFile(file, 'utf8'), entry.frontMatter)
  return { ...summary(name, entry), exports, allow, learned, ...(fold && { fold }), file, ...text }
}

/** What a single lesson can't check: numbers and names must be unique, and `after` must name an earlier lesson. */
function checkTogether(lessons: readonly LessonSummary[]): void {
  const seen: LessonSummary[] = []
  for (const lesson of lessons) {
    for (const earlier of seen) checkPair(earlier, lesson)
    for (const needed of lesson.after) checkAfter(lesson, needed, seen)
    seen.push(lesson)
  }
}

function checkPair(earlier: LessonSummary, lesson: LessonSummary): void {
  if (earlier.number === lesson.number) {
    throw bad(
      lesson,
      'number',
      `${earlier.slug} also has the number ${lesson.number}. Give one of them another number.`,
    )
  }
  if (earlier.slug.slice(2) === lesson.slug.slice(2)) {
    throw bad(lesson, 'slug', `${earlier.slug} has the same name. Rename one of them.`)
  }
}

function checkAfter(lesson: LessonSummary, needed: string, earlier: readonly LessonSummary[]): void {
  if (earlier.some(({ slug }) => slug === needed)) return
  const guess = nearestName(
    needed,
    earlier.map(({ slug }) => slug),
  )
  const wanted = guess === undefined ? 'Name a lesson that comes before this one.' : `Did you mean ${guess}?`
  throw bad(lesson, 'after', `There's no earlier lesson "${needed}". ${wanted}`)
}

function bad({ slug }: LessonSummary, field: string, problem: string): BadLessonError {
  return new BadLessonError(`lessons/${slug}.md`, field, problem)
}
