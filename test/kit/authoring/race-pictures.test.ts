import { readFile, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readMistakes } from '../../../src/authoring/index.ts'
import { drawRace, type RacePicture, racePictures } from '../../../src/authoring/race-picture.ts'
import { type Checker, openChecker, type Target } from '../../../src/check/index.ts'
import { filesOf, loadCourse } from '../../../src/course/index.ts'
import { fold, keysOf } from '../../../src/recording/index.ts'
import { type RunningRedis, startRedis } from '../../../src/redis/index.ts'

const course = await loadCourse()
const texts = await Promise.all(
  course.lessons.map(
    async ({ slug }) => [slug, await readFile(filesOf(course, slug).lesson, 'utf8')] as const,
  ),
)
const all = await Promise.all(
  texts.map(async ([slug, markdown]) => {
    const pictures = await racePictures(markdown)
    return pictures.map((picture) => [slug, picture.answer, picture] as const)
  }),
)

let redis: RunningRedis
let checker: Checker
beforeAll(async () => {
  redis = await startRedis()
  checker = await openChecker({ course, redis, stayWarm: true })
})
afterAll(async () => {
  await checker?.close()
  await redis?.stop()
})

/** `EVENTLINGS_PICTURES=write` draws them again. */
describe('the picture of a race in a lesson is what happens', () => {
  test.each(all.flat())('%s, %s', async (slug, _, picture) => {
    const drawn = await draw(slug, picture)
    if (process.env.EVENTLINGS_PICTURES === 'write') await write(slug, picture, drawn)
    else expect(picture.text).toBe(drawn)
  })

  test('there are some', () => {
    expect(all.flat().length).toBeGreaterThan(3)
  })
})

test('what a test published last is a step, and what nothing was done about is missed', async () => {
  const path = await targetOf('02-list-store', 'messages-while-busy-thrown-away')
  const verdict = await checker.check('02-list-store', path, { record: true })
  const { steps, collision, after, before } = (await checker.record()) ?? {}
  const [look, change, message] = steps?.slice(-3) ?? []
  expect(look).toMatchObject({ kind: 'command', args: [{ s: 'LRANGE' }, {}, {}, {}] })
  expect(change).toMatchObject({ kind: 'check', what: expect.stringContaining('the test sends') })
  expect(message).toMatchObject({ kind: 'message', channel: 'events' })
  expect(collision).toMatchObject({ kind: 'missed', looked: look?.n, changed: change?.n })
  expect(fold(before ?? [], steps ?? [])).toEqual(keysOf(after ?? []))
  // The verdict shows the same steps under the same numbers, although it knows no changes.
  expect(verdict.recording).toMatchObject({ depth: 'order', collision })
  expect(verdict.recording?.steps.map(({ kind }) => kind)).toEqual(steps?.map(({ kind }) => kind))
})

async function draw(slug: string, { answer, task }: RacePicture): Promise<string> {
  await checker.check(slug, await targetOf(slug, answer), { record: true })
  const recording = await checker.record({ task })
  if (recording === undefined) throw new Error('Nothing was recorded.')
  return drawRace(recording)
}

async function targetOf(slug: string, answer: string): Promise<Target> {
  if (answer === 'starter') return { kind: 'starter' }
  const { answers } = await readMistakes(course, slug)
  const mistake = answers.find(({ name }) => name === answer)
  if (mistake === undefined) throw new Error(`There's no mistake ${answer} in ${slug}.`)
  return { kind: 'file', path: mistake.path }
}

async function write(slug: string, { text, line }: RacePicture, drawn: string): Promise<void> {
  const file = filesOf(course, slug).lesson
  const lines = (await readFile(file, 'utf8')).split('\n')
  const count = text === '' ? 0 : text.split('\n').length
  lines.splice(line, count, ...drawn.split('\n'))
  await writeFile(file, lines.join('\n'))
}
