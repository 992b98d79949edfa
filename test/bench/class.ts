/**
 * `npm run bench:class -- [learners…] [--seconds N] [--json]`: simulates a class against real hubs, one and two of
 * them on one Redis: how many events per second they accept, how soon a check is on the dashboard, how much memory a
 * hub takes. Default: 30, 300 and 3,000 learners.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Rehearsal, rehearse } from '../../src/classroom/simulate/rehearsal.ts'
import { type Simulated, simulate } from '../../src/classroom/simulate/simulate.ts'
import { loadCourse } from '../../src/course/index.ts'

interface Row extends Simulated {
  readonly hubs: number
  /** As fast as the learners' limits allow. */
  readonly acceptedPerSecond: number
  /** The most that one hub used; not known on every system. */
  readonly hubMegabytes: number | undefined
}

const words = process.argv.slice(2)
const secondsAt = words.indexOf('--seconds')
const seconds = secondsAt === -1 ? 20 : Number(words[secondsAt + 1])
const asked = words.filter((word, index) => /^\d+$/.test(word) && index - 1 !== secondsAt).map(Number)
const counts = asked.length > 0 ? asked : [30, 300, 3_000]
const course = await loadCourse()
const slug = course.lessons[0]?.slug ?? ''
const program = join(course.root, 'src', 'cli', 'eventlings.mjs')

const rows: Row[] = []
for (const learners of counts) {
  for (const hubs of [1, 2]) {
    const played = await inRehearsal(hubs, async (rehearsal) => {
      const simulated = await simulate({ ...rehearsal, slug, learners, seconds })
      return { ...simulated, hubMegabytes: peakOf(rehearsal) }
    })
    const flood = await inRehearsal(hubs, (rehearsal) =>
      // Short pauses, so that the hub sets the pace.
      simulate({ ...rehearsal, slug, learners: Math.min(learners, 300), seconds: 10, pause: 0.1 }),
    )
    const row = { ...played, hubs, acceptedPerSecond: Math.round(flood.stored / 10) }
    rows.push(row)
    if (!words.includes('--json')) console.log(lineOf(row))
  }
}
if (words.includes('--json')) console.log(JSON.stringify(rows, null, 2))
process.exit(0)

async function inRehearsal<T>(hubs: number, play: (rehearsal: Rehearsal) => Promise<T>): Promise<T> {
  const rehearsal = await rehearse(program, hubs, process.env)
  try {
    return await play(rehearsal)
  } finally {
    await rehearsal.close()
  }
}

/** In megabytes; only Linux reports it. */
function peakOf({ pids }: Rehearsal): number | undefined {
  try {
    const peaks = pids.map((pid) =>
      Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]),
    )
    return Math.round(Math.max(...peaks) / 1024)
  } catch {
    return undefined
  }
}

function lineOf(row: Row): string {
  const { learners, hubs, sent, lost, duplicates, medianMs, p99Ms, acceptedPerSecond, hubMegabytes } = row
  const who = `${String(learners).padStart(5)} learners, ${hubs} ${hubs === 1 ? 'hub ' : 'hubs'}`
  const seen = `seen in ${medianMs} ms (median), ${p99Ms} ms (99th percentile)`
  const rest = `${acceptedPerSecond} events/s accepted at most, ${hubMegabytes ?? '?'} MB per hub`
  return `${who}: ${sent} sent, ${lost} lost, ${duplicates} duplicates; ${seen}; ${rest}`
}
