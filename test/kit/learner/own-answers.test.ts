import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { loadCourse } from '../../../src/course/index.ts'
import {
  answersBeside,
  buildsOnOwn,
  exportAnswers,
  homeOf,
  importAnswers,
} from '../../../src/learner/index.ts'
import { openProgress } from '../../../src/progress/index.ts'
import { newHome } from '../cli/program.ts'

const course = await loadCourse()
const check = { target: 'workspace', redis: 'embedded', ms: 1, tasks: [], skipped: 0 }

async function newLearner() {
  const home = homeOf(course, { EVENTLINGS_HOME: await newHome() })
  await mkdir(home.workspace, { recursive: true })
  return { course, home, progress: openProgress(home.log) }
}

function lesson(number: string) {
  const found = course.lessons.find((one) => one.number === number)
  if (found === undefined) throw new Error(number)
  return found
}

test('answers travel beside the log, and never over an answer that is there', async () => {
  const [here, there] = [await newLearner(), await newLearner()]
  await writeFile(here.home.answer('01-events'), 'from here')
  await writeFile(here.home.answer('02-list-store'), 'from here')
  await writeFile(there.home.answer('02-list-store'), 'from there')
  const folder = answersBeside(path.join(here.home.folder, 'mine.jsonl'))
  expect(path.basename(folder)).toBe('mine-answers')
  expect(await exportAnswers(course, here.home, folder)).toBe(2)
  expect(await importAnswers(course, there.home, folder)).toEqual({ copied: 1, kept: ['02-list-store'] })
  expect(await readFile(there.home.answer('01-events'), 'utf8')).toBe('from here')
  expect(await readFile(there.home.answer('02-list-store'), 'utf8')).toBe('from there')
})

test('a lesson builds on your own work once everything below it is passed and here', async () => {
  const one = await newLearner()
  expect(buildsOnOwn(one, lesson('01'))).toBe(false)
  await one.progress.record('CHECK_PASSED', '01-events', check)
  expect(buildsOnOwn(one, lesson('02'))).toBe(false)
  await writeFile(one.home.answer('01-events'), 'mine')
  expect(buildsOnOwn(one, lesson('02'))).toBe(true)
  expect(buildsOnOwn(one, lesson('03'))).toBe(false)
})
