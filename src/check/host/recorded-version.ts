import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { type Course, filesOf, type Lesson } from '../../course/index.ts'

/** Identifies a lesson's tasks and its suite, so that a recording of another version can be recognized. */
export async function recordedVersion(
  course: Pick<Course, 'root'>,
  { slug, tasks }: Pick<Lesson, 'slug' | 'tasks'>,
): Promise<string> {
  const suite = (await readFile(filesOf(course, slug).suite, 'utf8')).replaceAll('\r\n', '\n')
  const names = tasks.map(({ name }) => name)
  return createHash('sha256')
    .update(JSON.stringify([names, suite]))
    .digest('hex')
    .slice(0, 12)
}
