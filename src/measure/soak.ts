/** `npm run soak -- [rounds] [lesson…]`: every answer again and again on every source, under load; reports verdicts that change. */
import { Worker } from 'node:worker_threads'
import { findLesson, loadCourse } from '../course/index.ts'
import { RedisUnavailableError, startRedis } from '../redis/index.ts'
import { type KeptAnswer, keptAnswers } from './answers.ts'
import { difference, type Verdict, verdictsOf } from './verdicts.ts'

const SOURCES = ['container', 'binary', 'embedded'] as const

const [first, ...rest] = process.argv.slice(2)
const rounds = Number(first ?? 20)
if (!Number.isInteger(rounds) || rounds < 1) {
  console.error('Usage: npm run soak -- [rounds, 20 unless given] [lesson…]')
  process.exit(2)
}
const course = await loadCourse()
const slugs =
  rest.length === 0
    ? course.lessons.map(({ slug }) => slug)
    : rest.map((text) => findLesson(course, text).slug)
const answers = await keptAnswers(course, slugs)
const load = Array.from({ length: 2 }, busyThread)
const known = new Map<string, Verdict>()
let runs = 0
let changed = 0
for (const source of SOURCES) {
  if (!(await isThere(source))) continue
  for (let round = 1; round <= rounds; round += 1) {
    const verdicts = await verdictsOf(answers, { course, redis: source })
    for (const answer of answers) compare(source, round, answer, verdicts.get(answer.name))
    console.log(`${source}, round ${round} of ${rounds}: ${runs} runs so far, ${changed} verdicts changed`)
  }
}
await Promise.all(load.map((thread) => thread.terminate()))
console.log(`${runs} runs of ${answers.length} answers: ${changed} verdicts changed`)
process.exit(changed === 0 ? 0 : 1)

/** The first verdict on any source is what all the others have to equal; a lesson that needs a real server differs only by its skips. */
function compare(
  source: string,
  round: number,
  { name, notOnEmbedded }: KeptAnswer,
  verdict: Verdict | undefined,
): void {
  runs += 1
  if (source === 'embedded' && notOnEmbedded !== undefined) return
  const before = known.get(name)
  if (before === undefined && verdict !== undefined) {
    known.set(name, verdict)
    return
  }
  if (verdict?.tasks.some((task) => task.endsWith(': skipped'))) return
  const what = difference(before, verdict)
  if (what === undefined) return
  changed += 1
  console.log(`CHANGED ${name} (${source}, round ${round}): ${what}`)
}

async function isThere(source: (typeof SOURCES)[number]): Promise<boolean> {
  try {
    const redis = await startRedis(source)
    console.log(redis.description)
    await redis.stop()
    return true
  } catch (error) {
    if (!(error instanceof RedisUnavailableError)) throw error
    console.log(`Left out: ${error.message}`)
    return false
  }
}

function busyThread(): Worker {
  return new Worker(
    'for (;;) { for (let i = 0; i < 1e7; i += 1); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5) }',
    {
      eval: true,
    },
  )
}
