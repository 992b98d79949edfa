import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { sentenceOf } from '../../../common/errors.ts'
import { startOwn } from '../guards/processes.ts'
import { offTheClock } from '../silence/pulse.ts'
import { diskProblem } from './disk-room.ts'
import type { Ask, ServersReply } from './servers-messages.ts'

interface Waiting {
  resolve(answer: ServersReply): void
  reject(error: Error): void
}

let keeper: ChildProcess | undefined
let lastId = 0
const waiting = new Map<number, Waiting>()

let trouble: string | undefined

/** For one of this suite's servers that started and still can't be used; `why` is without its period. */
export function noteTrouble(why: string): void {
  trouble ??= why
}

/**
 * What keeps the servers of this suite from working, without a period; undefined if it uses none or nothing does.
 * Whether they start and have room is never up to the learner's code, so a test that fails then proves nothing about
 * it.
 */
export async function serverTrouble(): Promise<string | undefined> {
  if (trouble === undefined && keeper === undefined) return undefined
  return (await diskProblem()) ?? trouble // a full disk is the cause, whatever came of it
}

/** Sends a request to the process that keeps this suite's servers, and starts it on the first one. */
export async function askServers(ask: Ask): Promise<ServersReply> {
  keeper ??= startKeeper()
  const child = keeper
  const id = ++lastId
  hold(child, true)
  try {
    const answer = new Promise<ServersReply>((resolve, reject) => {
      waiting.set(id, { resolve, reject })
      child.stdin?.write(`${JSON.stringify({ id, ...ask })}\n`)
    })
    return await offTheClock(answer)
  } catch (error) {
    noteTrouble(sentenceOf(error).replace(/\.$/, ''))
    throw error
  } finally {
    waiting.delete(id)
    if (waiting.size === 0) hold(child, false)
  }
}

/** In the check it's built next to this file; under plain Vitest it's TypeScript like everything else. */
function startKeeper(): ChildProcess {
  const isSource = import.meta.url.endsWith('.ts')
  const script = fileURLToPath(new URL(isSource ? 'servers-process.ts' : 'servers.mjs', import.meta.url))
  const child = startOwn(() =>
    spawn(process.execPath, [...(isSource ? ['--import', 'tsx'] : []), script], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { ...process.env, NODE_OPTIONS: '' },
      windowsHide: true,
    }),
  )
  const gone = () => {
    keeper = undefined
    for (const { reject } of waiting.values())
      reject(new Error('The process that runs the servers has ended.'))
  }
  child.once('error', gone)
  child.once('exit', gone)
  child.stdin.on('error', () => {})
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { id, done, failed } = JSON.parse(line) as { id: number; done?: ServersReply; failed?: string }
    const asked = waiting.get(id)
    if (done !== undefined) asked?.resolve(done)
    else asked?.reject(new Error(failed ?? "The servers didn't answer."))
  })
  return child
}

/** Only an open request keeps this process alive. */
function hold(child: ChildProcess, held: boolean): void {
  for (const one of [child, child.stdin, child.stdout] as readonly unknown[]) {
    const { ref, unref } = one as { ref?(): void; unref?(): void }
    ;(held ? ref : unref)?.call(one)
  }
}
