import { randomUUID } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type SnippetGuard, type SnippetSetup, snippetGuard } from '../check/index.ts'
import { cacheFolder } from '../common/cache-folder.ts'
import { ownFolder } from '../common/own-folder.ts'
import { bundleScript, type ScriptBundle } from './bundle-script.ts'
import { type Printed, runScript } from './run-script.ts'

export interface TypeScriptOptions {
  readonly root: string
  readonly url: string
  /**
   * The folder of the learner's answers to use for `#built/…` where there are any; undefined for the model solutions.
   */
  readonly mine?: string | undefined
  /** For code that the learner has edited: the administrative commands that it may send. */
  readonly allow?: readonly string[] | undefined
  /** Ends what's still running. */
  readonly signal: AbortSignal
}

/**
 * Runs a snippet in its own process, with `redis` connected. An uncaught error is printed as its name and message, as
 * the last line.
 */
export async function runTypeScript(code: string, options: TypeScriptOptions): Promise<Printed> {
  const { root, url, mine, allow, signal } = options
  const guard = allow && (await snippetGuard(root))
  const before = wrapperBefore(guard)
  const bundle = await bundleScript({ root, contents: `${before}${code}${AFTER}`, mine, guard })
  if (!bundle.ok)
    return { output: syntaxError(bundle, before, guard !== undefined ? code : ''), failed: true }
  const folder = join(cacheFolder(root), 'run')
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${randomUUID()}.mjs`)
  writeFileSync(file, bundle.script)
  const setup: SnippetSetup = { url, allow: allow ?? [], supervisor: process.pid }
  try {
    return await runScript({ file, cwd: ownFolder(root), setup, signal, isGuarded: guard !== undefined })
  } finally {
    rmSync(file, { force: true })
  }
}

/** Names the line only in code that the learner has edited. What isn't closed there is noticed after its end. */
function syntaxError(
  { problem, line }: Extract<ScriptBundle, { ok: false }>,
  before: string,
  edited: string,
): string {
  if (edited === '' || line === undefined) return `SyntaxError: ${problem}`
  const lines = edited.trimEnd().split('\n').length
  const at = line - before.split('\n').length + 1
  const shown = at > lines ? problem.replace(/ but found .*/, ' at the end') : problem
  return `SyntaxError: ${shown} (line ${Math.min(at, lines)})`
}

/**
 * Imports are hoisted out of the function that the rest runs in, so an error in it can be distinguished from one in
 * loading.
 */
function wrapperBefore(guard: SnippetGuard | undefined): string {
  const leave =
    guard === undefined
      ? 'const leaveSandbox = process.exit'
      : `import { leave as leaveSandbox } from ${JSON.stringify(guard.guardUrl)}`
  return `${leave}
import { Redis as SandboxRedis } from 'ioredis'
const redis = new SandboxRedis(JSON.parse(process.env.EVENTLINGS_SNIPPET ?? '{}').url)
process.on('uncaughtException', (error) => {
  console.log(error instanceof Error ? \`\${error.name}: \${error.message}\` : String(error))
  leaveSandbox(1)
})
`
}

const AFTER = `
redis.disconnect()
process.stdout.write('', () => leaveSandbox(0))
`
