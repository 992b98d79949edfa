import { spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { ranOutOfMemory, type SnippetSetup } from '../check/index.ts'

export interface Printed {
  readonly output: string
  /** It ended with an error that nothing caught, or it was ended. */
  readonly failed: boolean
  /** Why it was ended, in a sentence. */
  readonly ended?: string | undefined
}

interface ScriptToRun {
  /** Bundled, and plain JavaScript. */
  readonly file: string
  readonly cwd: string
  readonly setup: SnippetSetup
  /** The script imports the guard, which says on the fourth pipe why it ended the script. */
  readonly isGuarded: boolean
  /** Its reason is the sentence that says why it ended. */
  readonly signal: AbortSignal
}

const MOST_OUTPUT = 64 * 1024
/** V8 ends a script that keeps more than this, as in a check. */
const HEAP_MEGABYTES = 512
const TOO_MUCH = `Stopped, because it used more than ${HEAP_MEGABYTES} MB of memory.`

/** Runs a script in a process of its own, which the signal kills. */
export async function runScript({ file, cwd, setup, isGuarded, signal }: ScriptToRun): Promise<Printed> {
  if (signal.aborted) return { output: '', failed: true, ended: String(signal.reason) }
  const child = spawn(process.execPath, [`--max-old-space-size=${HEAP_MEGABYTES}`, '--no-warnings', file], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe', ...(isGuarded ? (['pipe'] as const) : [])],
    env: {
      ...process.env,
      EVENTLINGS_SNIPPET: JSON.stringify(setup),
      NODE_OPTIONS: '',
      NO_COLOR: '1',
      FORCE_COLOR: undefined,
    },
    windowsHide: true,
  })
  const output = gather([child.stdout, child.stderr])
  const reports = gather([child.stdio[3] as Readable | undefined])
  const kill = () => child.kill('SIGKILL')
  signal.addEventListener('abort', kill)
  const code = await new Promise<number | null>((resolve) => {
    child.on('error', () => resolve(null))
    child.on('close', resolve)
  })
  signal.removeEventListener('abort', kill)
  const printed = output()
  const isFull = code !== 0 && ranOutOfMemory(printed)
  return {
    output: cut((isFull ? printed.replace(/\s*<--- Last few GCs --->.*/s, '') : printed).trimEnd()),
    failed: code !== 0,
    ended: signal.aborted ? String(signal.reason) : isFull ? TOO_MUCH : reasonIn(reports()),
  }
}

/** What is read, a little more than what's shown of it. */
function gather(streams: readonly (Readable | null | undefined)[]): () => string {
  let text = ''
  for (const stream of streams) {
    stream?.setEncoding('utf8')
    stream?.on('error', () => {})
    stream?.on('data', (chunk: string) => {
      if (text.length <= MOST_OUTPUT) text += chunk
    })
  }
  return () => text
}

/** Output as it's shown: beyond a limit, it's cut. */
export function cut(text: string): string {
  return text.length <= MOST_OUTPUT ? text : `${text.slice(0, MOST_OUTPUT)}\n… cut after 64 kB`
}

/** The guard's first report. The script could have written it just as well, but only about itself. */
function reasonIn(reports: string): string | undefined {
  const [line = ''] = reports.split('\n')
  try {
    const [, , report] = JSON.parse(line.slice(line.indexOf(' ') + 1))
    return String(report.failure.diagnosis)
  } catch {
    return undefined
  }
}
