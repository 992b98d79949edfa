import { inspect } from 'node:util'
import { Redis } from 'ioredis'
import type { FromEvaluator, ToEvaluator } from './evaluator-messages.ts'

const MOST_PRINTED = 64 * 1024

/** The process with the learner's functions: it evaluates what it receives, with them and `redis` in scope. */
export function serve(own: Readonly<Record<string, unknown>>): void {
  const settings = JSON.parse(process.env.EVENTLINGS_CONSOLE ?? '{}')
  const redis = new Redis(settings.url, { maxRetriesPerRequest: 1 })
  redis.on('error', () => {
    // The command that fails reports it.
  })
  Object.assign(globalThis, own, { redis })
  const show = (value: unknown) =>
    inspect(value, { depth: 8, colors: settings.colours, breakLength: settings.width })
  let printed = 0
  const send = (message: FromEvaluator) => void process.send?.(message)
  const print = (text: string | Uint8Array) => {
    printed += text.length
    if (printed <= MOST_PRINTED) send({ kind: 'printed', text: String(text) })
    return true
  }
  process.stdout.write = print
  process.stderr.write = print
  process.on('uncaughtException', (error) => print(`${describeError(error, show)}\n`))
  process.on('disconnect', () => process.exit(0))
  process.on('message', async ({ code }: ToEvaluator) => {
    printed = 0
    try {
      send({ kind: 'value', text: show(await compile(code)()) })
    } catch (error) {
      send({ kind: 'threw', text: describeError(error, show) })
    }
  })
  send({ kind: 'ready', names: Object.keys(own) })
}

const AsyncFunction = (async () => {}).constructor as FunctionConstructor

/**
 * An expression returns its value; anything else runs as it is. `const x =` becomes `x =`, so that the next line
 * still has it.
 */
function compile(code: string): () => Promise<unknown> {
  const kept = code.replace(/^\s*(?:const|let|var)\s+(?=[\w$]+\s*=)/, '').replace(/;\s*$/, '')
  try {
    return AsyncFunction(`return (${kept}\n)`) as unknown as () => Promise<unknown>
  } catch {
    return AsyncFunction(code) as unknown as () => Promise<unknown>
  }
}

function describeError(error: unknown, show: (value: unknown) => string): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : `Thrown: ${show(error)}`
}
