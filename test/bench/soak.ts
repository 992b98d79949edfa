/**
 * `npm run soak -- [rounds] [lesson…]`: runs every answer over and over on every source, under load, and reports
 * verdicts that change. Ctrl-C ends it with what it has seen so far.
 */
import { availableParallelism } from 'node:os'
import { findLesson, loadCourse } from '../../src/course/index.ts'
import { RedisUnavailableError, startRedis } from '../../src/redis/index.ts'
import { type KeptAnswer, keptAnswers } from './answers.ts'
import { difference, type Verdict, verdictsOf } from './verdicts.ts'

const SOURCES = ['container', 'binary', 'embedded'] as const

const [first, ...rest] = process.argv.slice(2)
const rounds = Number(first ?? 20)
if (!Number.isInteger(rounds) || rounds < 1) {
  console.error('Usage: npm run soak -- [rounds, default: 20] [lesson…]')
  process.exit(2)
}
const course = await loadCourse()
const slugs =
  rest.length === 0
    ? course.lessons.map(({ slug }) => slug)
    : rest.map((text) => findLesson(course, text).slug)
const answers = await keptAnswers(course, slugs)
/** The load on each check comes from the others: three of them per core. */
const parallel = 3 * availableParallelism()
const stop = new AbortController()
// Not `once`: a library that locks files ends the process when there are no other listeners left.
process.on('SIGINT', () => {
  if (stop.signal.aborted) process.exit(130)
  stop.abort()
})
const known = new Map<string, Verdict>()
let runs = 0
let changed = 0
const sources = await present()
for (let round = 1; round <= rounds && !stop.signal.aborted; round += 1) {
  for (const source of sources) {
    const verdicts = await verdictsOf(answers, { course, redis: source, parallel, signal: stop.signal })
    for (const answer of answers) compare(source, round, answer, verdicts.get(answer.name))
    console.log(`${source}, round ${round} of ${rounds}: ${runs} runs so far, ${changed} verdicts changed`)
    if (stop.signal.aborted) break
  }
}
console.log(`${runs} runs of ${answers.length} answers: ${changed} verdicts changed`)
process.exit(changed === 0 ? 0 : 1)

/**
 * The first verdict on any source is what all the others have to equal. Where the embedded Redis can't show a
 * mistake, or tasks that need a real server are skipped, it's compared with its own first verdict.
 */
function compare(
  source: string,
  round: number,
  { name, notOnEmbedded }: KeptAnswer,
  verdict: Verdict | undefined,
): void {
  if (verdict === undefined && stop.signal.aborted) return
  runs += 1
  const differs =
    (source === 'embedded' && notOnEmbedded !== undefined) ||
    verdict?.tasks.some((task) => task.endsWith(': skipped')) === true
  const key = differs ? `${name} on ${source}` : name
  const before = known.get(key)
  if (before === undefined && verdict !== undefined) {
    known.set(key, verdict)
    return
  }
  const what = difference(before, verdict)
  if (what === undefined) return
  changed += 1
  console.log(`CHANGED ${name} (${source}, round ${round}): ${what}`)
}

async function present(): Promise<readonly (typeof SOURCES)[number][]> {
  const found: (typeof SOURCES)[number][] = []
  for (const source of SOURCES) {
    try {
      const redis = await startRedis(source)
      console.log(redis.description)
      await redis.stop()
      found.push(source)
    } catch (error) {
      if (!(error instanceof RedisUnavailableError)) throw error
      console.log(`Left out: ${error.message}`)
    }
  }
  return found
}
