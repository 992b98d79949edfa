/**
 * `npm run bench:class -- [learners…] [--hubs N] [--redis single|cluster] [--seconds N] [--json]`: simulates a class
 * against real hubs: 30, 300 and 3,000 learners unless numbers are given; one hub and two; on a single Redis and on a
 * cluster of three nodes; with and without a hub that's killed in the middle and started again. All of it takes a
 * quarter of an hour.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Rehearsal, rehearse } from '../../src/classroom/simulate/rehearsal.ts'
import { simulate } from '../../src/classroom/simulate/simulate.ts'
import { loadCourse } from '../../src/course/index.ts'

interface Row {
  readonly learners: number
  readonly hubs: number
  readonly redis: 'single' | 'cluster'
  /** A hub was killed in the middle. */
  readonly killed: boolean
  readonly sent: number
  /** Events that the class doesn't have in the end, and that it has more than once. */
  readonly lost: number
  readonly duplicates: number
  /** From sending a check to seeing it on the dashboard. */
  readonly medianMs: number
  readonly p99Ms: number
  /** The most that one hub used; null where the system doesn't say. */
  readonly hubMb: number | null
}

/** How long a killed hub may be gone (ms). */
const TIMEOUT_MS = 120_000

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    hubs: { type: 'string' },
    redis: { type: 'string' },
    seconds: { type: 'string', default: '20' },
    json: { type: 'boolean', default: false },
  },
})
const course = await loadCourse()
const slug = course.lessons[0]?.slug ?? ''
const program = join(course.root, 'src', 'cli', 'eventlings.mjs')
const all = [30, 300, 3_000]

const rows: Row[] = []
for (const learners of positionals.length > 0 ? positionals.map(Number) : all) {
  for (const redis of ['single', 'cluster'] as const) {
    if (values.redis !== undefined && values.redis !== redis) continue
    for (const hubs of values.hubs === undefined ? [1, 2] : [Number(values.hubs)]) {
      for (const killed of [false, true]) {
        const row = await measure({ learners, hubs, redis, killed })
        rows.push(row)
        if (!values.json) console.log(lineOf(row))
      }
    }
  }
}
if (values.json) console.log(JSON.stringify(rows, null, 2))
process.exit(0)

async function measure(wanted: Pick<Row, 'learners' | 'hubs' | 'redis' | 'killed'>): Promise<Row> {
  const { learners, hubs, redis, killed } = wanted
  const rehearsal = await rehearse(program, hubs, process.env, redis)
  try {
    let hubMb = 0
    const halfway = async () => {
      // A killed hub's memory can't be read anymore.
      hubMb = peakOf(rehearsal)
      await rehearsal.killOne()
    }
    const simulated = await simulate({
      ...{ hubs: rehearsal.hubs, secret: rehearsal.secret, joinCode: rehearsal.joinCode },
      ...{ slug, learners, seconds: Number(values.seconds) },
      ...(killed && { halfway, timeoutMs: TIMEOUT_MS }),
    })
    const { sent, lost, storedTwice: duplicates, medianMs, p99Ms } = simulated
    hubMb = Math.max(hubMb, peakOf(rehearsal))
    return { ...wanted, sent, lost, duplicates, medianMs, p99Ms, hubMb: hubMb || null }
  } finally {
    await rehearsal.close()
  }
}

/** In megabytes; only Linux reports it. */
function peakOf({ pids }: Rehearsal): number {
  const peaks = pids.map((pid) => {
    try {
      return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
    } catch {
      return 0
    }
  })
  return Math.round(Math.max(...peaks) / 1024)
}

function lineOf(row: Row): string {
  const { learners, hubs, redis, killed, sent, lost, duplicates, medianMs, p99Ms, hubMb } = row
  const who = `${String(learners).padStart(5)} learners, ${hubs} ${hubs === 1 ? 'hub ' : 'hubs'}, ${redis.padEnd(7)}`
  const seen = `seen in ${medianMs} ms (median), ${p99Ms} ms (99th percentile)`
  const how = killed ? ', one hub killed' : ''
  return `${who}${how}: ${sent} sent, ${lost} lost, ${duplicates} stored twice; ${seen}; ${hubMb ?? '?'} MB per hub`
}
