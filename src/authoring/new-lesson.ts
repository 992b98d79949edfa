import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Exit } from '../common/exit.ts'
import { type Course, filesOf } from '../course/index.ts'
import { skeleton } from './skeleton.ts'

export interface NewLesson {
  readonly slug: string
  /** The created files, absolute, in the order in which you write them. */
  readonly files: readonly string[]
}

/** The name can't be that of a new lesson. */
export class BadSlugError extends Error {
  override readonly name = 'BadSlugError'
  readonly exitCode = Exit.wrongUse
}

/**
 * Creates all files of a lesson. `name` is `outbox`, which gets the next free number, or `23-outbox`. Throws
 * BadSlugError for an invalid or existing name; never overwrites an existing file.
 */
export async function newLesson(
  course: Pick<Course, 'root' | 'lessons'>,
  name: string,
  details: { readonly title?: string | undefined; readonly chapter?: string | undefined } = {},
): Promise<NewLesson> {
  const slug = slugFor(course, name)
  const files = filesOf(course, slug)
  const parts = skeleton({
    slug,
    title: details.title ?? titleFrom(slug),
    chapter: details.chapter ?? course.lessons.at(-1)?.chapter ?? 'More',
  })
  const made = [
    [files.lesson, parts.lesson],
    [files.starter, parts.starter],
    [files.solution, parts.solution],
    [files.suite, parts.suite],
    [path.join(files.rightAnswers, 'same-as-the-solution.ts'), parts.rightAnswer],
    [files.mistakes, parts.mistakes],
  ] as const
  const taken = made.map(([file]) => file).find((file) => existsSync(file))
  if (taken !== undefined)
    throw new BadSlugError(`${taken} already exists. Choose another name, or remove the file.`)
  for (const [file, text] of made) {
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, text, { flag: 'wx' })
  }
  return { slug, files: made.map(([file]) => file) }
}

function slugFor({ lessons }: Pick<Course, 'lessons'>, asked: string): string {
  const [, number, name] = /^(?:(\d\d)-)?([a-z][a-z0-9]*(?:-[a-z0-9]+)*)$/.exec(asked) ?? []
  if (name === undefined) {
    throw new BadSlugError(
      `"${asked}" can't be the name of a lesson. Use lowercase letters and dashes, for example outbox or 23-outbox.`,
    )
  }
  const same = lessons.find((lesson) => lesson.slug.slice(3) === name || lesson.number === number)
  if (same) throw new BadSlugError(`There's already a lesson ${same.slug}. Choose another name or number.`)
  return `${number ?? nextNumber(lessons.map((lesson) => Number(lesson.number)))}-${name}`
}

function nextNumber(numbers: readonly number[]): string {
  return String(Math.max(0, ...numbers) + 1).padStart(2, '0')
}

function titleFrom(slug: string): string {
  const words = slug.slice(3).replaceAll('-', ' ')
  return `${words[0]?.toUpperCase() ?? ''}${words.slice(1)}`
}
