import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { cacheFolder } from '../../common/cache-folder.ts'
import { type Course, filesOf } from '../../course/index.ts'
import { type Bases, MistakeError, wrongAnswer } from './answer.ts'
import { type BrokenSection, type Mistake, parseMistakes } from './section.ts'

/** A mistake with the file that it makes. */
export interface WrongAnswer extends Mistake {
  /** Absolute, in the course's cache, so that the place in a verdict leads to the code. */
  readonly path: string
  readonly text: string
}

export interface LessonMistakes {
  readonly answers: readonly WrongAnswer[]
  /** Sections that make no file. */
  readonly broken: readonly BrokenSection[]
}

/** All mistakes of a lesson, in order, each written to a file that can be checked like any other answer. */
export async function readMistakes(course: Pick<Course, 'root'>, slug: string): Promise<LessonMistakes> {
  const sections = await parseMistakes(await textOf(filesOf(course, slug).mistakes))
  const bases = await readBases(course, slug)
  const folder = path.join(cacheFolder(course.root), 'mistakes', slug)
  const made = sections.map((section) => answerOf(section, bases, folder))
  const answers = made.filter((one): one is WrongAnswer => 'path' in one)
  await fill(folder, answers)
  return { answers, broken: made.filter((one): one is BrokenSection => 'problem' in one) }
}

/** The solution and the right answers of a lesson, by the names that a section uses. */
export async function readBases(course: Pick<Course, 'root'>, slug: string): Promise<Bases> {
  const { solution, rightAnswers } = filesOf(course, slug)
  const names = (await namesIn(rightAnswers)).filter((name) => name.endsWith('.ts')).sort()
  const files = [
    ['solution', solution],
    ...names.map((name) => [path.basename(name, '.ts'), path.join(rightAnswers, name)] as const),
  ] as const
  const texts = await Promise.all(files.map(async ([name, file]) => [name, await textOf(file)] as const))
  return new Map(texts.filter(([, text]) => text !== ''))
}

function answerOf(
  section: Mistake | BrokenSection,
  bases: Bases,
  folder: string,
): WrongAnswer | BrokenSection {
  if ('problem' in section) return section
  try {
    const text = wrongAnswer(section, bases)
    return { ...section, text, path: path.join(folder, `${section.name}.ts`) }
  } catch (error) {
    if (error instanceof MistakeError) return { name: section.name, problem: error.message }
    throw error
  }
}

/**
 * Leaves these files in the folder and no others. Two programs may do this at once, so neither ever reads half a
 * file.
 */
async function fill(folder: string, answers: readonly WrongAnswer[]): Promise<void> {
  await mkdir(folder, { recursive: true })
  const wanted = new Set(answers.map((answer) => path.basename(answer.path)))
  const stale = (await namesIn(folder)).filter((name) => name.endsWith('.ts') && !wanted.has(name))
  await Promise.all([
    ...stale.map((name) => rm(path.join(folder, name), { force: true })),
    ...answers.map(async ({ path: file, text }) => {
      if ((await textOf(file)) === text) return
      const temporary = `${file}.${crypto.randomUUID()}.tmp`
      await writeFile(temporary, text)
      await rename(temporary, file)
    }),
  ])
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => [])
}

/** Empty if the file doesn't exist. */
async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}
