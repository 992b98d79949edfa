/**
 * `npm run bench:explore -- [times] [--lesson LESSON] [--json]`: what a recording costs. Order is compared with a check
 * without it, the changes with the same check; medians, in one run. The two checks take turns at being first, because
 * what follows a recording of changes finds a busier machine, and each is compared with its neighbor. A step of
 * `explore` is measured with 2,000 commands. With Chromium, the workbench, too.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { openChecker } from '../../src/check/index.ts'
import { findLesson, loadCourse } from '../../src/course/index.ts'
import { goTo, openExplorer } from '../../src/explorer/model.ts'
import { explorerScreen } from '../../src/explorer/screen.ts'
import { startRedis } from '../../src/redis/index.ts'
import { palette } from '../../src/terminal/index.ts'
import { longRecording } from './long-recording.ts'
import { median, timed } from './median.ts'
import { measureWorkbench } from './workbench-page.ts'

/** So that a process is warm for both kinds of checks, as it is for a learner's save. */
const PAUSE_MS = 1_000

const json = process.argv.includes('--json')
const asked = process.argv.indexOf('--lesson')
const times = Number(
  process.argv.slice(2).find((arg, i, all) => /^\d+$/.test(arg) && all[i - 1] !== '--lesson') ?? 15,
)
const course = await loadCourse()
const { slug } = findLesson(course, asked === -1 ? '07' : (process.argv[asked + 1] ?? ''))

const result = { ...(await recordingCosts()), step: stepCosts(2_000, 20) }
const page = await measureWorkbench(course, times, longRecording('01-events', 2_000, 20))
if (json) console.log(JSON.stringify({ ...result, page }, null, 2))
else {
  const { order, changes, step } = result
  console.log(`order    ${order.ms} ms, without ${order.plainMs} ms: ${order.percent} % more`)
  console.log(`changes  ${changes.ms} ms after a check of ${changes.checkMs} ms: ${changes.ratio} times`)
  console.log(`step     ${step.ms} ms, 95% below ${step.p95Ms} ms, with ${step.commands} commands`)
  if (page === undefined) console.log('page     not measured: there is no Chromium')
  else {
    const { verdict, paint, slider } = page
    console.log(
      `verdict  ${verdict.ms} ms on the page, ${verdict.bareMs} ms in watch: ratio ${verdict.ratio}`,
    )
    console.log(
      `paint    ${paint.ms} ms, a lesson page ${paint.bareMs} ms: ratio ${paint.ratio}; ${page.kB} kB`,
    )
    console.log(`slider   ${slider.ms} ms of script a step, with ${slider.commands} commands`)
  }
}

/** The starter fails in its first test, or soon after it. */
async function recordingCosts() {
  const redis = await startRedis()
  const checker = await openChecker({ course, redis, stayWarm: true })
  const plain: number[] = []
  const order: number[] = []
  const changes: number[] = []
  try {
    for (let round = 0; round < times + 1; round += 1) {
      const warm = round === 0 ? [[], [], []] : [plain, order, changes]
      const [a = [], b = [], c = []] = warm
      const bare = async () => {
        await sleep(PAUSE_MS)
        a.push(await timed(() => checker.check(slug, { kind: 'starter' })))
      }
      if (round % 2 === 0) await bare()
      await sleep(PAUSE_MS)
      b.push(await timed(() => checker.check(slug, { kind: 'starter' }, { record: true })))
      c.push(await timed(() => checker.record()))
      if (round % 2 === 1) await bare()
    }
  } finally {
    await checker.close()
    await redis.stop()
  }
  const [plainMs, orderMs, changesMs] = [median(plain), median(order), median(changes)]
  const moreMs = median(order.map((ms, index) => ms - (plain[index] ?? Number.NaN)))
  return {
    order: {
      ms: rounded(orderMs),
      plainMs: rounded(plainMs),
      percent: rounded((moreMs / plainMs) * 100),
    },
    changes: { ms: rounded(changesMs), checkMs: rounded(orderMs), ratio: rounded(changesMs / orderMs) },
  }
}

/** From one end to the other and back, as with a key held down: the reducer and the screen, in milliseconds. */
function stepCosts(commands: number, keys: number) {
  const size = { width: 80, height: 24, palette: palette({ unicode: true, colours: true }) }
  let explorer = openExplorer(longRecording(slug, commands, keys))
  const took: number[] = []
  const there = Array.from({ length: commands }, (_, i) => i + 1)
  for (const at of [...there, ...there.toReversed()]) {
    const began = performance.now()
    explorer = goTo(explorer, at)
    explorerScreen(explorer, size)
    took.push(performance.now() - began)
  }
  const sorted = took.toSorted((a, b) => a - b)
  const p95 = sorted[Math.floor(sorted.length * 0.95)] ?? 0
  return { ms: rounded(median(took)), p95Ms: rounded(p95), commands }
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100
}
