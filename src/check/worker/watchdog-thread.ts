import { readFileSync, writeSync } from 'node:fs'
import { Session } from 'node:inspector'
import { SourceMap } from 'node:module'
import { fileURLToPath } from 'node:url'
import { parentPort, workerData } from 'node:worker_threads'
import type { Failure } from '../protocol.ts'
import { isStuck, LOOK_MS, mainThread } from './main-thread.ts'
import { signer } from './report.ts'

interface WatchdogData {
  readonly beats: Int32Array
  readonly reportFd: number
  /**
   * The parent's pid. The parent may be dead before this thread can ask for it, and then another process would be the
   * parent.
   */
  readonly supervisor: number
}

const { beats, reportFd, supervisor } = workerData as WatchdogData
const MOST_MEMORY = 1_000 * 1024 * 1024
/** Near V8's limit a process does nothing but collect garbage, which looks like a loop but isn't one. */
const CROWDED_MEMORY = 350 * 1024 * 1024
/**
 * A loop that has hoarded this much since its last beat is on its way there: on a busy machine that takes a while.
 */
const HOARDED_MEMORY = 64 * 1024 * 1024

let looking: NodeJS.Timeout | undefined
parentPort?.on('message', ({ secret, files }: { secret: string; files: readonly string[] }) => {
  clearInterval(looking) // one process may run several answers in turn
  watch(secret, files)
})

function watch(secret: string, files: readonly string[]): void {
  const sign = signer(secret, 'watchdog')
  let last = -1
  let looks = 0
  let asleep = 0
  let spent = 0
  let rssAtBeat = 0
  let used: number | undefined
  const end = (failure: Failure) => {
    writeSync(reportFd, sign({ kind: 'ending', failure, commands: [] }))
    process.kill(process.pid, 'SIGKILL')
  }
  looking = setInterval(() => {
    // Killed without a word to us: then no one waits for a verdict, and an answer that spins would spin forever.
    if (!isAlive(supervisor)) process.kill(process.pid, 'SIGKILL')
    const { rss } = process.memoryUsage()
    const now = Atomics.load(beats, 0)
    const thread = mainThread()
    if (thread === undefined) return
    if (now !== last) rssAtBeat = rss
    looks = now === last ? looks + 1 : 0
    asleep = now === last && thread.state === 'S' ? asleep + 1 : 0
    spent = now === last ? spent + thread.used - (used ?? thread.used) : 0
    used = thread.used
    last = now
    const stalled = isStuck({ looks, spent, asleep: thread.state === undefined ? undefined : asleep })
    if (rss > MOST_MEMORY || (stalled && rss > CROWDED_MEMORY)) {
      clearInterval(looking)
      end({
        diagnosis: `Your code used ${Math.round(rss / 1024 / 1024)} MB of memory and was stopped. Read in pages, and keep only what you need at one time.`,
      })
    } else if (stalled && rss - rssAtBeat < HOARDED_MEMORY) {
      clearInterval(looking)
      void whereMainIs(files).then((place) =>
        end({
          diagnosis:
            'Your code is stuck in a loop that never ends and never lets other code run, so no reply from Redis could arrive. Check the condition that should end the loop.',
          ...place,
        }),
      )
    }
  }, LOOK_MS)
}

/** Looked up by number: in a thread, `process.ppid` keeps the value that it had at the start. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Pauses the main thread through the inspector and looks for the first frame in the learner's files. */
async function whereMainIs(files: readonly string[]): Promise<{ file: string; line: number } | undefined> {
  const session = new Session()
  return await new Promise((resolve) => {
    const giveUp = setTimeout(() => resolve(undefined), 1_000)
    const scripts = new Map<string, string>()
    try {
      session.connectToMainThread()
      session.on('Debugger.scriptParsed', ({ params }) => scripts.set(params.scriptId, params.url))
      session.on('Debugger.paused', ({ params }) => {
        clearTimeout(giveUp)
        for (const { location } of params.callFrames) {
          const url = scripts.get(location.scriptId) ?? ''
          const place = original(url, location.lineNumber, location.columnNumber ?? 0)
          if (place !== undefined && files.includes(place.file)) return resolve(place)
        }
        resolve(undefined)
      })
      session.post('Debugger.enable')
      session.post('Debugger.pause')
    } catch {
      clearTimeout(giveUp)
      resolve(undefined)
    }
  })
}

function original(url: string, line: number, column: number): { file: string; line: number } | undefined {
  const code = codeAt(url)
  const encoded = /sourceMappingURL=data:application\/json;base64,([\w+/=]+)\s*$/.exec(code)?.[1]
  if (encoded === undefined) return undefined
  const map = new SourceMap(JSON.parse(Buffer.from(encoded, 'base64').toString('utf8')))
  const entry = map.findEntry(line, column)
  if (!('originalSource' in entry)) return undefined
  return { file: fileURLToPath(new URL(entry.originalSource, url)), line: entry.originalLine + 1 }
}

/** Without its code there's no place to show, but the loop still has to end. */
function codeAt(url: string): string {
  try {
    return url.startsWith('file:') ? readFileSync(fileURLToPath(url), 'utf8') : ''
  } catch {
    return ''
  }
}
