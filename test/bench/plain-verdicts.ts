import { spawn } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Course, filesOf } from '../../src/course/index.ts'
import type { KeptAnswer } from './answers.ts'
import type { Verdict } from './verdicts.ts'

/** What Vitest's JSON reporter writes, as far as it's read here. */
interface JsonReport {
  readonly testResults: readonly {
    readonly name: string
    readonly message: string
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[]
      readonly status: string
      readonly failureMessages?: readonly string[]
    }[]
  }[]
}

/**
 * The verdicts of plain Vitest, with its own server, pool, and reporter: one run over a small file per answer, in
 * which the suite's `#lesson/…` is that answer.
 */
export async function plainVerdicts(
  course: Course,
  answers: readonly KeptAnswer[],
): Promise<ReadonlyMap<string, Verdict>> {
  const folder = join(course.root, '.eventlings', 'cache', `plain-${process.pid}`)
  await mkdir(folder, { recursive: true })
  try {
    await Promise.all(
      answers.map((answer, index) =>
        writeFile(join(folder, `${index}.test.ts`), wrapper(course, answer, index)),
      ),
    )
    await writeFile(join(folder, 'vitest.config.ts'), config(course, folder, answers))
    const report = join(folder, 'report.json')
    const log = await runVitest(course.root, join(folder, 'vitest.config.ts'), report)
    const text = await readFile(report, 'utf8').catch(() => {
      throw new Error(`Vitest wrote no report:\n${log}`)
    })
    return await verdicts(JSON.parse(text) as JsonReport, course, answers)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function wrapper(course: Course, { slug }: KeptAnswer, index: number): string {
  return `import ${JSON.stringify(`${filesOf(course, slug).suite}?answer=${index}`)}\n`
}

function config(course: Course, folder: string, answers: readonly KeptAnswer[]): string {
  return `
const answers = ${JSON.stringify(answers.map(({ path }) => path))}
export default {
  root: ${JSON.stringify(course.root)},
  plugins: [{
    name: 'answers',
    enforce: 'pre',
    resolveId(source, importer) {
      const index = /\\?answer=(\\d+)/.exec(importer ?? '')?.[1]
      if (source.startsWith('#lesson/') && index !== undefined) return answers[Number(index)] + '?answer=' + index
    },
  }],
  test: {
    include: [${JSON.stringify(`${folder}/*.test.ts`)}],
    globalSetup: [${JSON.stringify(join(course.root, 'src/check/host/plain-vitest.ts'))}],
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 60_000,
    exclude: [],
    dangerouslyIgnoreUnhandledErrors: true,
  },
}
`
}

async function runVitest(root: string, config: string, report: string): Promise<string> {
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
  const args = [vitest, 'run', '--config', config, '--reporter=json', `--outputFile=${report}`]
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    // Set by a Vitest that this runs in, if there is one.
    env: {
      ...process.env,
      VITEST: undefined,
      VITEST_POOL_ID: undefined,
      VITEST_WORKER_ID: undefined,
      NODE_OPTIONS: '',
    },
  })
  let log = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (log += chunk))
  await new Promise((resolve) => child.on('close', resolve))
  return log
}

async function verdicts(report: JsonReport, course: Course, answers: readonly KeptAnswer[]) {
  const found = new Map<string, Verdict>()
  for (const { name, assertionResults, message } of report.testResults) {
    const answer = answers[Number(/(\d+)\.test\.ts$/.exec(name)?.[1])]
    if (answer === undefined) continue
    const { tasks } = await course.lesson(answer.slug)
    const states = tasks.map((task) => {
      const own = assertionResults.filter(({ ancestorTitles }) => ancestorTitles[0] === task.name)
      const failed = own.find(({ status }) => status === 'failed')
      const state =
        failed !== undefined
          ? 'failed'
          : own.some(({ status }) => status === 'passed')
            ? 'passed'
            : own.length > 0
              ? 'skipped'
              : 'not reached'
      return {
        text: `${task.name}: ${state}`,
        state,
        diagnosis: firstLine(failed?.failureMessages?.[0] ?? ''),
      }
    })
    found.set(answer.name, {
      passed: states.every(({ state }) => state === 'passed' || state === 'skipped'),
      tasks: states.map(({ text }) => text),
      diagnosis: states.find(({ state }) => state === 'failed')?.diagnosis ?? firstLine(message),
    })
  }
  return found
}

/** A failure's message is the error's stack: its name, its message, then the frames. */
function firstLine(stack: string): string {
  return stack.replace(/\n\s+at [\s\S]*$/, '').replace(/^DiagnosisError: /, '')
}
