import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { self } from '../common/self.ts'
import { type Course, filesOf, type LessonSummary } from '../course/index.ts'
import { isPassed, type ProgressLog } from '../progress/index.ts'

interface Learner {
  readonly course: Pick<Course, 'root'>
  readonly progress: ProgressLog
}

/** What a lesson asks for. */
export interface LessonVersion {
  readonly fingerprint: string
  /** The Markdown of its tasks, without their hints. */
  readonly tasks: string
  readonly starter: string
}

/** Undefined if one of the lesson's files can't be read. */
export async function versionOf(
  course: Pick<Course, 'root'>,
  slug: string,
): Promise<LessonVersion | undefined> {
  const files = filesOf(course, slug)
  try {
    const texts = [files.lesson, files.starter, files.suite].map((file) => readFile(file, 'utf8'))
    const [text = '', starter = '', suite] = (await Promise.all(texts)).map((one) =>
      one.replaceAll('\r\n', '\n'),
    )
    const tasks = tasksIn(text)
    const hash = createHash('sha256').update(JSON.stringify([tasks, starter, suite]))
    return { fingerprint: hash.digest('hex').slice(0, 12), tasks: tasks.join(''), starter }
  } catch {
    return undefined
  }
}

/** As the payload of an event has it. */
export async function fingerprintOf(
  course: Pick<Course, 'root'>,
  slug: string,
): Promise<{ readonly fingerprint?: string }> {
  const version = await versionOf(course, slug)
  return version === undefined ? {} : { fingerprint: version.fingerprint }
}

/**
 * What an answer has to do. A better hint or explanation doesn't change that. Extracted by hand, because parsing
 * takes far longer than a cold `list`.
 */
function tasksIn(text: string): readonly string[] {
  const sections = text.split(/^(?=## )/m).filter((section) => section.startsWith('## Task '))
  return sections.map((section) => section.split(/^### Hints$/m)[0] ?? '')
}

/** The lessons that have changed since the learner began or passed them, as far as the log shows. */
export async function changedLessons<Lesson extends Pick<LessonSummary, 'slug'>>(
  { course, progress }: Learner,
  lessons: readonly Lesson[],
): Promise<readonly Lesson[]> {
  const overview = progress.overview()
  const known = lessons.map((lesson) => ({ lesson, before: overview.lesson(lesson.slug).fingerprint }))
  const compared = known.map(async ({ lesson, before }) => {
    if (before === undefined) return []
    const { fingerprint } = await fingerprintOf(course, lesson.slug)
    return fingerprint === undefined || fingerprint === before ? [] : [lesson]
  })
  return (await Promise.all(compared)).flat()
}

/**
 * A sentence about those of the lessons that have changed since the learner began or passed them; undefined if none
 * has.
 */
export async function changeNote(
  learner: Learner,
  lessons: readonly Pick<LessonSummary, 'slug' | 'number'>[],
): Promise<string | undefined> {
  const [first, ...others] = await changedLessons(learner, lessons)
  if (first === undefined) return undefined
  if (others.length > 0) {
    const numbers = new Intl.ListFormat('en').format([first, ...others].map(({ number }) => number))
    return `Lessons ${numbers} have changed since you began or passed them. To see how:\n${self} diff ${first.number} --starter`
  }
  const did = isPassed(learner.progress.overview().lesson(first.slug)) ? 'passed' : 'began'
  return `Lesson ${first.number} has changed since you ${did} it. To see how:\n${self} diff ${first.number} --starter`
}
