/**
 * `npm run bench:store -- [--json] [--write]`: the event store of lesson 28 compared with the minimum that does the
 * same by hand, on the same connection, in one run, in turn. `--write` puts the table and the chart in the lesson.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { projectRoot } from '../../src/common/own-folder.ts'
import { parsePreference, startRedis } from '../../src/redis/index.ts'
import { median, timed } from './median.ts'
import { chart, type Ratio, table } from './store-chart.ts'
import { prepareWork, type Work } from './store-work.ts'

const ROUNDS = 7
const LESSON = 'lessons/28-event-store.md'
const CHART = 'lessons/28-event-store.svg'

const server = await startRedis(parsePreference(process.env.EVENTLINGS_REDIS ?? 'binary'))
try {
  if (!server.has('real-server')) {
    console.error(
      'The embedded server is an imitation, so its speed says nothing about Redis. Install redis-server.',
    )
    process.exitCode = 2
  } else await measure()
} finally {
  await server.stop()
}

async function measure(): Promise<void> {
  const redis = new Redis(server.url)
  try {
    const works = await prepareWork(redis)
    for (const work of works) await paired(work) // compiled, connected, scripts loaded
    const pairs = new Map(works.map(({ name }) => [name, [] as Pair[]]))
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const work of shuffled(works)) pairs.get(work.name)?.push(await paired(work))
    }
    const ratios = works.map(({ name, goal }) => ratioOf(name, goal, pairs.get(name) ?? []))
    if (process.argv.includes('--json')) console.log(JSON.stringify(ratios, null, 2))
    else console.log(table(ratios))
    if (process.argv.includes('--write')) await write(ratios)
  } finally {
    redis.disconnect()
  }
}

interface Pair {
  readonly ms: number
  readonly bareMs: number
}

/**
 * Both in turn, in random order, in many short runs: anything that slows down the machine for a while affects both,
 * or few of them.
 */
async function paired({ ours, bare, turns }: Work): Promise<Pair> {
  const [mine, theirs]: [number[], number[]] = [[], []]
  for (let turn = 0; turn < turns; turn += 1) {
    const oursFirst = Math.random() < 0.5
    if (oursFirst) mine.push(await timed(ours))
    theirs.push(await timed(bare))
    if (!oursFirst) mine.push(await timed(ours))
  }
  return { ms: median(mine), bareMs: median(theirs) }
}

function ratioOf(name: string, goal: number | undefined, pairs: readonly Pair[]): Ratio {
  const ratios = pairs.map(({ ms, bareMs }) => bareMs / ms).sort((a, b) => a - b)
  const round = (value: number | undefined) => Math.round((value ?? Number.NaN) * 100) / 100
  return {
    name,
    ratio: round(median(ratios)),
    lowest: round(ratios[0]),
    highest: round(ratios.at(-1)),
    ...(goal !== undefined && { goal }),
  }
}

function shuffled<T>(items: readonly T[]): readonly T[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}

async function write(ratios: readonly Ratio[]): Promise<void> {
  const root = projectRoot()
  const lesson = await readFile(join(root, LESSON), 'utf8')
  const old = /^\| What \| Ratio .*\n(?:\|.*\n)+/m
  if (!old.test(lesson)) throw new Error(`${LESSON} has no table that starts with | What | Ratio |.`)
  await writeFile(join(root, LESSON), lesson.replace(old, `${table(ratios)}\n`))
  await writeFile(join(root, CHART), chart(ratios))
}
