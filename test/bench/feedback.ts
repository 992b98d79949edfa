/**
 * `npm run bench:feedback -- [times] [--lesson LESSON] [--json]`: how soon a learner sees something, compared with
 * the least that it could take, in one run, alternating; medians.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { filesOf, findLesson, loadCourse } from '../../src/course/index.ts'
import { bareRerun } from './bare-rerun.ts'
import { type Measured, sideBySide, timed } from './median.ts'
import { lineProgram, runProgram } from './run-program.ts'
import { smallCourse } from './small-course.ts'
import { type Burst, measureBurst, watchedAnswer } from './watched-answer.ts'

const json = process.argv.includes('--json')
const times = Number(
  process.argv.slice(2).find((arg, i, all) => /^\d+$/.test(arg) && all[i - 1] !== '--lesson') ?? 15,
)
const course = await loadCourse()
const { root } = course
const asked = process.argv.indexOf('--lesson')
/** Default: the first lesson, because its suite takes the least time, so our own share shows most. */
const { slug } = findLesson(course, asked === -1 ? '01' : (process.argv[asked + 1] ?? ''))
const files = filesOf(course, slug)
const solution = await readFile(files.solution, 'utf8')
const program = join(root, 'src', 'cli', 'eventlings.mjs')
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
const bareTypeScript = ['--import', 'tsx', '-e', '0']
const home = await mkdtemp(join(tmpdir(), 'eventlings-bench-'))
const small = await smallCourse(course, 3)

try {
  const { watch, burst } = await measureWatch()
  const result = {
    watch,
    check: await compared(
      [program, 'check', slug, '--solution'],
      [vitest, 'run', '--project', 'lessons', files.suite],
    ),
    list: await compared([program, 'list'], bareTypeScript),
    help: await compared([program, '--help'], bareTypeScript),
    // What the lessons after the third cost: the whole course compared with its first three.
    grownList: await compared([program, 'list'], [small.program, 'list']),
    grownCheck: await compared(
      [program, 'check', slug, '--solution'],
      [small.program, 'check', slug, '--solution'],
    ),
  }
  if (json) console.log(JSON.stringify({ ...result, burst }, null, 2))
  else {
    for (const [name, measured] of Object.entries(result)) console.log(row(name, measured))
    console.log(row('burst', { ms: burst.ms, bareMs: burst.singleMs, ratio: burst.ratio }, 'one save'))
  }
} finally {
  await small.remove()
  await rm(home, { recursive: true, force: true })
}

/**
 * From the save to the printed verdict, compared with a rerun of the same suite by a Vitest that stays up; and from
 * the last of three saves in a row, compared with a single one.
 */
async function measureWatch(): Promise<{ readonly watch: Measured; readonly burst: Burst }> {
  const answer = join(home, 'workspace', `${slug}.ts`)
  const watch = lineProgram([program, 'watch', slug, '--json'], root, {
    ...process.env,
    EVENTLINGS_HOME: home,
  })
  const watched = watchedAnswer(watch, answer, solution)
  const bare = await bareRerun(course, slug)
  try {
    await watch.nextLine()
    const { save } = watched
    for (let i = 0; i < 3; i += 1) {
      await save()
      await bare.run()
    }
    const beside = await sideBySide(
      times,
      async () => {
        const ms = await timed(save)
        await sleep(1_000) // for our work after a verdict, which must not slow down the other
        return ms
      },
      () => timed(() => bare.run()),
    )
    return { watch: beside, burst: await measureBurst(watched, times) }
  } finally {
    await bare.close()
    await watch.stop()
  }
}

async function compared(ours: readonly string[], bare: readonly string[]): Promise<Measured> {
  const run = (args: readonly string[]) => () => timed(() => runProgram(args, root))
  await run(ours)()
  await run(bare)()
  return await sideBySide(times, run(ours), run(bare))
}

function row(name: string, { ms, bareMs, ratio }: Measured, beside = 'bare'): string {
  return `${name.padEnd(10)} ${`${ms} ms`.padStart(10)}   ${beside.padEnd(8)} ${`${bareMs} ms`.padStart(10)}   ratio ${ratio.toFixed(2)}`
}
