import { expect } from 'vitest'
import { type Overview, paths } from '../../../../src/classroom/api.ts'
import { sentencesOf } from '../../../../src/classroom/projections/sentences.ts'
import { columnsOf } from '../../../../src/cli/class-course.ts'
import { loadCourse } from '../../../../src/course/index.ts'
import { need } from '../../need.ts'
import { call, failed, join, secret, send, serve, until } from '../class.ts'
import { realRedis } from './attack.ts'

const { test } = need('redis-server')

const words = sentencesOf(
  new Map([['07-concurrency', [['Both writers expected version ', ', and both succeeded.']]]]),
  [['', ' never settled, so the check stopped waiting for it.']],
)

test('the wall gets sentences from the course, and nothing that a learner put into them', async () => {
  const served = await serve(await realRedis(), undefined, { inTheCoursesWords: words })
  const said = [
    'Both writers expected version 4, and both succeeded.',
    'Both writers expected version <b>rude</b>, and both succeeded. More of it.',
    'The instructor is a fool, and everyone should know it.',
    'RUDE WORDS never settled, so the check stopped waiting for it.',
  ]
  for (const [n, diagnosis] of said.entries()) {
    const { token } = await join(served, `Learner ${n}`)
    await send(served, token, 0, [failed(1, '07-concurrency', 'appendEvent', diagnosis)])
  }
  const { summary } = await until(
    async () => (await call<Overview>(served, paths.overview, { token: secret })).body,
    ({ participants }) => participants.filter(({ failure }) => failure !== undefined).length === said.length,
  )
  expect(summary.diagnoses.map(({ sentence, participants }) => [sentence, participants.length])).toEqual([
    ['Both writers expected version …, and both succeeded.', 2],
    [undefined, 1],
    ['… never settled, so the check stopped waiting for it.', 1],
  ])
})

test('a text that would take forever to compare is compared at once', () => {
  const many = Array.from({ length: 12 }, (_, n) => (n === 11 ? 'z'.repeat(20) : 'ab'))
  const slow = sentencesOf(new Map([['01-events', [many]]]), [])
  expect(slow({ slug: '01-events', diagnosis: 'ab'.repeat(50_000) })).toBeUndefined()
})

test('the sentences of the real course are found', async () => {
  const course = await loadCourse()
  const { inTheCoursesWords, lessons } = await columnsOf(course, { track: 'ninety-minutes' })
  expect(lessons.map(({ number, tasks }) => [number, tasks?.length])).toEqual([
    ['01', 1],
    ['02', 1],
    ['05', 1],
    ['07', 1],
    ['08', 0],
  ])
  const said = `Both writers expected version 1, and both succeeded, because the second one ran between the first one's RUDE and RUDER. Check the version and append in one step: use a script, or an ID that can only be used once.`
  expect(inTheCoursesWords?.({ slug: '07-concurrency', diagnosis: said })).toBe(
    said.replace('RUDE', '…').replace('RUDER', '…').replace('…R', '…'),
  )
})
