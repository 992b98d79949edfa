import { type ChildProcess, fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cacheFolder } from '../common/cache-folder.ts'
import { ownFolder, prebuilt } from '../common/own-folder.ts'
import { bundleScript } from '../snippets/bundle-script.ts'
import type { FromEvaluator, ToEvaluator } from './evaluator-messages.ts'

export interface EvaluatorOptions {
  readonly root: string
  readonly url: string
  /** The file whose exports are in scope; without it there's only `redis`. */
  readonly file?: string
  readonly mine: string | undefined
  readonly colours: boolean
  readonly width: number
  /** Ends the process if it's still loading the file. */
  readonly signal: AbortSignal
  /** What the code prints. */
  print(text: string): void
}

export type Evaluated = { readonly ok: boolean; readonly text: string }

/** A process with the learner's functions, so that an endless loop in them can be ended. */
export interface Evaluator {
  /** The names that the file exports. */
  readonly names: readonly string[]
  readonly isAlive: boolean
  evaluate(code: string): Promise<Evaluated>
  /** Code that is being evaluated then comes back as ended. */
  kill(): void
}

/** The file isn't valid TypeScript, or threw an error while it was loaded. */
export class EvaluatorError extends Error {
  override readonly name = 'EvaluatorError'
}

/** Rejects with EvaluatorError. */
export async function startEvaluator(options: EvaluatorOptions): Promise<Evaluator> {
  const { root, url, colours, width, signal, print } = options
  const folder = join(cacheFolder(root), 'run')
  mkdirSync(folder, { recursive: true })
  const script = join(folder, `${randomUUID()}.mjs`)
  writeFileSync(script, await bundle(options))
  const child = fork(script, {
    cwd: ownFolder(root),
    execArgv: ['--no-warnings'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, NODE_OPTIONS: '', EVENTLINGS_CONSOLE: JSON.stringify({ url, colours, width }) },
  })
  const listener = listen(child, print)
  const end = () => void child.kill('SIGKILL')
  if (signal.aborted) end()
  signal.addEventListener('abort', end)
  try {
    const first = await listener.next()
    if (first.kind === 'ready') return evaluatorOf(child, first.names, listener)
    throw new EvaluatorError(first.text)
  } finally {
    signal.removeEventListener('abort', end)
    rmSync(script, { force: true })
  }
}

type Message = Exclude<FromEvaluator, { kind: 'printed' }> | { readonly kind: 'ended'; readonly text: string }

function listen(child: ChildProcess, print: (text: string) => void) {
  let wake: ((message: Message) => void) | undefined
  let ended: Message | undefined
  let errors = ''
  child.stderr?.on('data', (chunk) => {
    errors += chunk
  })
  const tell = (message: Message) => {
    wake?.(message)
    wake = undefined
  }
  child.on('message', (message: FromEvaluator) => {
    if (message.kind === 'printed') print(message.text)
    else tell(message)
  })
  child.on('close', (code, signal) => {
    const why = /^(?:Uncaught )?(\w*Error: .*)$/m.exec(errors)?.[1]
    const how = signal === null ? `ended its process (exit code ${code}).` : 'was ended.'
    ended = { kind: 'ended', text: why ?? `The code ${how}` }
    tell(ended)
  })
  return {
    next: () =>
      new Promise<Message>((resolve) => {
        if (ended !== undefined) resolve(ended)
        else wake = resolve
      }),
    get hasEnded() {
      return ended !== undefined
    },
  }
}

function evaluatorOf(
  child: ChildProcess,
  names: readonly string[],
  listener: ReturnType<typeof listen>,
): Evaluator {
  return {
    names,
    get isAlive() {
      return !listener.hasEnded
    },
    async evaluate(code) {
      const answer = listener.next()
      if (child.connected) child.send({ code } satisfies ToEvaluator)
      const message = await answer
      if (message.kind === 'ready') return { ok: true, text: '' }
      return { ok: message.kind === 'value', text: message.text }
    },
    kill: () => void child.kill('SIGKILL'),
  }
}

async function bundle({ root, file, mine }: EvaluatorOptions): Promise<string> {
  const here = (name: string) => JSON.stringify(evaluatorPart(name))
  const own = file === undefined ? 'const own = {}' : `import * as own from ${JSON.stringify(file)}`
  const contents = [
    `import ${here('end-with-parent')}`,
    own,
    `import { serve } from ${here('evaluator-main')}`,
    'serve({ ...own })',
  ].join('\n')
  const bundle = await bundleScript({ root, contents, mine })
  if (bundle.ok) return bundle.script
  const where = bundle.line === undefined ? '' : `line ${bundle.line}: `
  throw new EvaluatorError(`The file isn't valid TypeScript: ${where}${bundle.problem}`)
}

/** Part of the process that evaluates, as a file to bundle. */
function evaluatorPart(name: string): string {
  const built = prebuilt('console')
  return built === undefined
    ? fileURLToPath(new URL(`${name}.ts`, import.meta.url))
    : join(built, `${name}.mjs`)
}
