import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Course, filesOf } from '../../src/course/index.ts'

/**
 * The program with only the first lessons of the course, to see what the others cost. `program` is what Node runs.
 */
export async function smallCourse(
  course: Course,
  lessons: number,
): Promise<{ readonly root: string; readonly program: string; remove(): Promise<void> }> {
  const root = await mkdtemp(join(tmpdir(), 'eventlings-small-'))
  for (const part of ['src', 'package.json', 'tsconfig.json']) {
    await cp(join(course.root, part), join(root, part), { recursive: true })
  }
  const kind = process.platform === 'win32' ? 'junction' : 'dir'
  await symlink(join(course.root, 'node_modules'), join(root, 'node_modules'), kind)
  await mkdir(join(root, 'lessons'))
  for (const { slug } of course.lessons.slice(0, lessons)) {
    const [from, to] = [filesOf(course, slug), filesOf({ root }, slug)]
    for (const part of ['lesson', 'starter', 'solution', 'suite'] as const) await cp(from[part], to[part])
  }
  return {
    root,
    program: join(root, 'src', 'cli', 'eventlings.mjs'),
    remove: () => rm(root, { recursive: true, force: true }),
  }
}
