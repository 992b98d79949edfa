import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Course } from '../course/index.ts'
import type { ProgressLog } from '../progress/index.ts'
import { type LessonVersion, versionOf } from './lesson-version.ts'
import type { Home } from './paths.ts'

interface Learner {
  readonly course: Pick<Course, 'root'>
  readonly home: Pick<Home, 'log'>
}

type Text = Omit<LessonVersion, 'fingerprint'>

/** How a lesson differs from the one that the learner began or passed. */
export type LessonChange =
  | { readonly kind: 'none' }
  | { readonly kind: 'changed'; readonly before: Text; readonly now: Text }
  /** It was begun on another machine, or before versions were kept. */
  | { readonly kind: 'not kept'; readonly now: Text }

const NAMES = { tasks: 'tasks.md', starter: 'starter.ts' } as const

/**
 * Keeps what the lesson asks for now, so that a later change can be shown. Returns its fingerprint as the payload of an
 * event has it.
 */
export async function keepVersion(
  { course, home }: Learner,
  slug: string,
): Promise<{ readonly fingerprint?: string }> {
  const version = await versionOf(course, slug)
  if (version === undefined) return {}
  const folder = folderOf(home, slug, version.fingerprint)
  try {
    await mkdir(folder, { recursive: true })
    for (const part of ['tasks', 'starter'] as const)
      await writeFile(path.join(folder, NAMES[part]), version[part], { flag: 'wx' })
  } catch {
    // It's there already, or a disk is full: then the change can't be shown, and nothing else is missing.
  }
  return { fingerprint: version.fingerprint }
}

/** Undefined if the lesson's files can't be read. */
export async function lessonChange(
  { course, home, progress }: Learner & { readonly progress: ProgressLog },
  slug: string,
): Promise<LessonChange | undefined> {
  const now = await versionOf(course, slug)
  if (now === undefined) return undefined
  const { fingerprint } = progress.overview().lesson(slug)
  if (fingerprint === now.fingerprint) return { kind: 'none' }
  if (fingerprint === undefined) return { kind: 'not kept', now }
  const folder = folderOf(home, slug, fingerprint)
  try {
    const [tasks = '', starter = ''] = await Promise.all(
      [NAMES.tasks, NAMES.starter].map((name) => readFile(path.join(folder, name), 'utf8')),
    )
    return { kind: 'changed', before: { tasks, starter }, now }
  } catch {
    return { kind: 'not kept', now }
  }
}

/** The fingerprint may come from another machine's log. */
function folderOf(home: Pick<Home, 'log'>, slug: string, fingerprint: string): string {
  return path.join(home.log, 'begun', `${slug}-${path.basename(fingerprint)}`)
}
