import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from '../common/cache-folder.ts'
import { ownFolder } from '../common/own-folder.ts'
import { bundleScript } from './bundle-script.ts'

export interface Printed {
  readonly output: string
  /** It ended with an error that nothing caught. */
  readonly failed: boolean
}

export interface TypeScriptOptions {
  readonly root: string
  readonly url: string
  /**
   * The folder of the learner's answers to use for `#built/…` where there are any; undefined for the model answers.
   */
  readonly mine?: string | undefined
  readonly seconds?: number
  /** Ends what's still running. */
  readonly signal?: AbortSignal
}

const MOST_OUTPUT = 64 * 1024

/**
 * Runs a snippet in its own process, with `redis` connected. An uncaught error is printed as its name and message, as
 * the last line.
 */
export async function runTypeScript(code: string, options: TypeScriptOptions): Promise<Printed> {
  const { root, url, seconds = 20, signal } = options
  const bundle = await bundleScript({ root, contents: wrapped(code), mine: options.mine })
  if (!bundle.ok) return { output: `SyntaxError: ${bundle.problem}`, failed: true }
  const folder = join(cacheFolder(root), 'run')
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${randomUUID()}.mjs`)
  writeFileSync(file, bundle.script)
  try {
    return await run(file, url, seconds, ownFolder(root), signal)
  } finally {
    rmSync(file, { force: true })
  }
}

/**
 * Imports are hoisted out of the function that the rest runs in, so an error in it can be distinguished from one in
 * loading.
 */
function wrapped(code: string): string {
  return `import { Redis as SandboxRedis } from 'ioredis'
const redis = new SandboxRedis(process.env.EVENTLINGS_SNIPPET_URL ?? '')
process.on('uncaughtException', (error) => {
  console.log(error instanceof Error ? \`\${error.name}: \${error.message}\` : String(error))
  process.exit(1)
})
${code}
redis.disconnect()
process.stdout.write('', () => process.exit(0))
`
}

async function run(
  file: string,
  url: string,
  seconds: number,
  cwd: string,
  signal: AbortSignal | undefined,
): Promise<Printed> {
  const child = spawn(process.execPath, ['--no-warnings', file], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      EVENTLINGS_SNIPPET_URL: url,
      NODE_OPTIONS: '',
      NO_COLOR: '1',
      FORCE_COLOR: undefined,
    },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8')
    stream.on('data', (chunk: string) => {
      if (output.length < MOST_OUTPUT) output += chunk
    })
  }
  const kill = () => child.kill('SIGKILL')
  if (signal?.aborted) kill()
  signal?.addEventListener('abort', kill)
  let late = false
  const timer = setTimeout(() => {
    late = true
    kill()
  }, seconds * 1_000)
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  clearTimeout(timer)
  signal?.removeEventListener('abort', kill)
  if (late)
    return { output: `${output}\nStopped, because it ran for more than ${seconds} seconds.`, failed: true }
  return { output: output.trimEnd(), failed: code !== 0 }
}
