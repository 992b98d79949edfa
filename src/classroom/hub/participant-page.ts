import { isKnown } from '../../progress/index.ts'
import type { Attempt, ParticipantPage, ParticipantRow } from '../api.ts'
import { limits } from '../limits.ts'
import { activityOf, attemptsOf } from '../projections/page.ts'
import { readProgress } from './read.ts'
import type { ClassStore } from './store.ts'

/** Answers that are read in one round trip. */
const AT_ONCE = 20

/**
 * The latest of what a person did, with the code that was sent with it. `members`: everyone who counts as them;
 * `most`: attempts to include.
 */
export async function readPage(
  store: ClassStore,
  row: ParticipantRow,
  members: readonly string[],
  classId: string,
  most: number = limits.attempts,
): Promise<ParticipantPage> {
  const cursors = (await store.cursorsOf(members)).flat()
  const timed = await readProgress(store.redis, store.keys, cursors)
  const events = timed.map(({ event, at }) => ({ ...event, timestamp: at })).filter(isKnown)
  const attempts = attemptsOf(events)
  const latest = attempts.slice(-most)
  return {
    kind: 'participant',
    row,
    earlier: attempts.length - latest.length,
    attempts: await withRuns(store, await withCode(store, latest, members), members),
    activity: activityOf(events, classId).slice(-limits.activity),
  }
}

/** Which of them were recorded. */
async function withRuns(
  { redis, keys }: ClassStore,
  attempts: readonly Attempt[],
  members: readonly string[],
): Promise<readonly Attempt[]> {
  const found = await Promise.all(members.map((learner) => redis.hkeys(keys.runs(learner))))
  const recorded = new Set(found.flat())
  return attempts.map((one) => (recorded.has(one.eventId) ? { ...one, run: true } : one))
}

/** The code of the latest attempts, as much as fits on a page. */
async function withCode(
  { redis, keys }: ClassStore,
  attempts: readonly Attempt[],
  members: readonly string[],
): Promise<readonly Attempt[]> {
  const codes = new Map<string, string>()
  let left: number = limits.shownCode
  for (let to = attempts.length; to > 0 && left > 0; to -= AT_ONCE) {
    const ids = attempts.slice(Math.max(0, to - AT_ONCE), to).map(({ eventId }) => eventId)
    for (const learner of members) {
      const found = await redis.hmget(keys.code(learner), ...ids)
      for (const [index, code] of found.entries()) {
        if (code === null || code.length > left) continue
        left -= code.length
        codes.set(ids[index] ?? '', code)
      }
    }
  }
  return attempts.map((attempt) => {
    const code = codes.get(attempt.eventId)
    return code === undefined ? attempt : { ...attempt, code }
  })
}
