import { constants } from 'node:fs'
import { access, copyFile, mkdir, readFile, rename } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Exit } from '../common/exit.ts'
import { inWords, isOutOfSpace } from '../common/system-errors.ts'
import { type Course, filesOf } from '../course/index.ts'
import type { ProgressLog } from '../progress/index.ts'
import { keepVersion } from './kept-version.ts'
import { assertNoObstacle } from './obstacle.ts'
import type { Home } from './paths.ts'

/** The learner's folder isn't writable. */
export class UnwritableWorkspaceError extends Error {
  override readonly name = 'UnwritableWorkspaceError'
  readonly exitCode = Exit.machine
  readonly file: string

  /** `instead`: why, if the code doesn't say so. Node says ENOENT of a folder that a read-only disk can't have. */
  constructor(file: string, code: string | undefined, instead?: string) {
    const remedy = isOutOfSpace(code)
      ? 'Free some space, or set EVENTLINGS_HOME to a folder on another disk.'
      : 'Check the permissions of its folder, or set EVENTLINGS_HOME to a folder of your own.'
    const why = (code === 'ENOENT' ? instead : undefined) ?? inWords(code) ?? code ?? 'the reason is unknown'
    super(`${file} can't be written: ${why}. ${remedy}`)
    this.file = file
  }
}

/** Copies the starter to the workspace; a file that's already there is never touched. */
export async function startLesson(
  course: Course,
  home: Home,
  slug: string,
): Promise<{ readonly file: string; readonly isNew: boolean }> {
  const file = home.answer(slug)
  assertNoObstacle(home, slug)
  await mkdir(dirname(file), { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    throw new UnwritableWorkspaceError(file, error.code, "its folder can't be created")
  })
  try {
    await copyFile(filesOf(course, slug).starter, file, constants.COPYFILE_EXCL)
    return { file, isNew: true }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'EEXIST') return { file, isNew: false }
    throw new UnwritableWorkspaceError(file, code)
  }
}

interface Learner {
  readonly course: Course
  readonly home: Home
  readonly progress: ProgressLog
}

/** Starts the lesson, and records that the learner has opened it. */
export async function openLesson(
  learner: Learner,
  slug: string,
): Promise<{ readonly file: string; readonly isNew: boolean }> {
  const started = await startLesson(learner.course, learner.home, slug)
  const fingerprint = started.isNew ? await keepVersion(learner, slug) : {}
  await learner.progress.record('LESSON_OPENED', slug, fingerprint)
  return started
}

/** Whether the answer is still what `start` created. An editor may have changed its line endings. */
export async function isStarter(
  { course, home }: { readonly course: Pick<Course, 'root'>; readonly home: Pick<Home, 'answer'> },
  slug: string,
): Promise<boolean> {
  const texts = [home.answer(slug), filesOf(course, slug).starter].map((file) => readFile(file, 'utf8'))
  try {
    const [answer, starter] = (await Promise.all(texts)).map((text) => text.replaceAll('\r\n', '\n').trim())
    return answer === starter
  } catch {
    return false
  }
}

/**
 * Starts a lesson over, and records it. An old answer is kept beside it under a dated name that no tool mistakes for
 * TypeScript, unless it's the starter. `now` is the local time for that name.
 */
export async function resetLesson(
  { course, home, progress }: Learner,
  slug: string,
  now: Date,
): Promise<{ readonly file: string; readonly keptAs: string | undefined }> {
  const file = home.answer(slug)
  const there = await access(file).then(
    () => true,
    () => false,
  )
  const keptAs =
    there && !(await isStarter({ course, home }, slug))
      ? join(home.workspace, `${slug}.${stamp(now)}.old`)
      : undefined
  if (keptAs !== undefined) {
    await rename(file, keptAs).catch((error: NodeJS.ErrnoException) => {
      throw new UnwritableWorkspaceError(file, error.code)
    })
  }
  await startLesson(course, home, slug)
  await progress.record('LESSON_RESET', slug, {
    ...(keptAs !== undefined && { keptAs: basename(keptAs) }),
    ...(await keepVersion({ course, home }, slug)),
  })
  return { file, keptAs }
}

/** `2026-05-02-091407-123`: two resets in one second must not collide. */
function stamp(now: Date): string {
  const two = (n: number) => String(n).padStart(2, '0')
  const day = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`
  const time = `${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`
  return `${day}-${time}-${String(now.getMilliseconds()).padStart(3, '0')}`
}
