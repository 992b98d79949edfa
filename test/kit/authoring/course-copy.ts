import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import { newLesson } from '../../../src/authoring/index.ts'
import { projectRoot } from '../../../src/common/own-folder.ts'
import { type Course, loadCourse } from '../../../src/course/index.ts'

/** A separate course with one lesson, made by `dev new`, with everything it needs to run. */
export async function newCourse(): Promise<Course> {
  const root = await mkdtemp(path.join(tmpdir(), 'eventlings-author-'))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  await symlink(path.join(projectRoot(), 'node_modules'), path.join(root, 'node_modules'), 'junction')
  await mkdir(path.join(root, 'lessons'))
  await newLesson({ root, lessons: [] }, 'greetings')
  return loadCourse(root)
}
