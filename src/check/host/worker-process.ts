import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { SandboxEnvironment } from '../kit/environment.ts'
import type { RedisNews } from '../kit/silence/pulse.ts'
import type { Disturbed, Job, Report, WorkerSetup } from '../protocol.ts'
import { isSignature, LOADED } from '../worker/report.ts'

/** How a run ended, as seen from outside its process. */
export interface RunRecord {
  readonly reports: readonly Report[]
  /** A line on the report pipe that we didn't sign, or that is out of order. */
  readonly forged: boolean
  readonly ending:
    | { readonly kind: 'done' }
    | ({ readonly kind: 'disturbed' } & Disturbed)
    | { readonly kind: 'exit'; readonly code: number | null; readonly signal: string | null }
    | { readonly kind: 'silent'; readonly seconds: number }
  /** What the answer printed, cut. */
  readonly output: string
}

interface RunOptions {
  /** Kills the process, which ends the run. */
  readonly signal?: AbortSignal | undefined
  /** Called as soon as the process reports something about Redis. */
  onRedis?(news: RedisNews): void
}

/**
 * Maximum wait for a process to load (ms). After that it gets its answer anyway, and it will show whether it ever
 * reports anything.
 */
const LOADING_MS = 10_000
/**
 * A backstop: the parts inside the process notice much earlier, unless the answer took them down. Counted in ticks of a
 * second: a single timer would count the time in which Ctrl-Z has stopped the program and its processes.
 */
const MOST_SILENCE = 90
const MOST_OUTPUT = 8 * 1024
/** V8 ends an answer that keeps more than this; the watchdog watches memory outside V8's heap. */
const HEAP_MEGABYTES = 512
/**
 * A run is short: with more room for young objects, the collector never looks at most of them (an eighth of its CPU
 * time).
 */
const ROOMY_NURSERY = '--min-semi-space-size=16'
/** A process keeps the code of every answer that ran in it. */
const MOST_RUNS = 20

/**
 * A process that's warm and waits for its answer, and for another one if it was asked to stay and nothing was left
 * behind.
 */
export class WorkerProcess {
  readonly #child: ChildProcess
  #output = ''
  #printed = 0
  #runs = 0
  #rest = ''
  #hears = (_line: string) => {}
  readonly #loaded: Promise<void>

  constructor(script: string, environment: SandboxEnvironment, cwd: string) {
    this.#child = spawn(
      process.execPath,
      [`--max-old-space-size=${HEAP_MEGABYTES}`, ROOMY_NURSERY, '--no-warnings', script],
      {
        cwd,
        stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
        env: {
          ...process.env,
          NODE_OPTIONS: '',
          NO_COLOR: '1',
          FORCE_COLOR: undefined,
          ...certificates(environment),
        },
        windowsHide: true,
      },
    )
    this.#child.on('error', () => {})
    this.#reports?.setEncoding('utf8')
    this.#reports?.on('error', () => {})
    this.#reports?.on('data', (chunk: string) => this.#receive(chunk))
    this.#loaded = new Promise((resolve) => {
      this.#hears = (line) => line === LOADED && resolve()
      this.#child.once('close', () => resolve())
    })
    this.#child.stdin?.on('error', () => {})
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', (chunk) => this.#keep(chunk))
    // The address goes in here and not on the command line, where a password in it would show in every process list.
    this.#child.stdin?.write(
      `${JSON.stringify({ environment, supervisor: process.pid } satisfies WorkerSetup)}\n`,
    )
  }

  /** Missing when the process couldn't start because there were no file handles left. */
  get #reports(): Readable | undefined {
    return this.#child.stdio?.[3] as Readable | undefined
  }

  get usable(): boolean {
    const { exitCode, signalCode, pid, killed } = this.#child
    return exitCode === null && signalCode === null && pid !== undefined && !killed
  }

  /** An answer has run in it. */
  get used(): boolean {
    return this.#runs > 0
  }

  /**
   * Resolves as soon as an answer could run in it: it has loaded, or never will, or the signal says that no answer is
   * coming.
   */
  async loaded(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true || !this.usable) return
    let giveUp = () => {}
    const noLonger = new Promise<void>((resolve) => {
      giveUp = resolve
    })
    const timer = setTimeout(giveUp, LOADING_MS)
    signal?.addEventListener('abort', giveUp)
    await Promise.race([this.#loaded, noLonger])
    signal?.removeEventListener('abort', giveUp)
    clearTimeout(timer)
  }

  /** Hands over the answer and listens until it's done or dead; the signal kills it. */
  async run(job: Omit<Job, 'secret'>, { signal, onRedis = () => {} }: RunOptions = {}): Promise<RunRecord> {
    this.#runs += 1
    this.#output = ''
    this.#printed = 0
    const secret = randomBytes(32).toString('hex')
    const reports: Report[] = []
    const next = new Map([
      ['main', 1],
      ['watchdog', 1],
    ])
    let forged = false
    if (!this.usable) {
      const { exitCode: code, signalCode: signal } = this.#child
      return { reports, forged, ending: { kind: 'exit', code, signal }, output: this.#shownOutput() }
    }
    let stays = false
    let stopListening = () => {}
    const ending = await new Promise<RunRecord['ending']>((resolve) => {
      let silent = 0
      const silence = setInterval(() => {
        silent += 1
        if (silent >= MOST_SILENCE) end({ kind: 'silent', seconds: MOST_SILENCE })
      }, 1_000)
      const end = (how: RunRecord['ending']) => {
        clearInterval(silence)
        resolve(how)
      }
      this.#hears = (line) => {
        if (line === LOADED && reports.length === 0) return // it came after we stopped waiting
        const report = opened(line, secret, next)
        if (report === undefined) forged = true
        else if (report.kind === 'redis') onRedis(report.news)
        else reports.push(report)
        silent = 0
        if (report?.kind === 'disturbed') end(report)
        else if (report?.kind === 'done') {
          stays = report.stays
          end({ kind: 'done' })
        }
      }
      const onClose = (code: number | null, signal: string | null) => end({ kind: 'exit', code, signal })
      // `close` and not `exit`, because by then everything still in the pipes has been read.
      this.#child.once('close', onClose)
      const onAbort = () => this.kill() // which leads to `close`
      signal?.addEventListener('abort', onAbort)
      stopListening = () => {
        signal?.removeEventListener('abort', onAbort)
        this.#hears = () => {}
        this.#child.off('close', onClose)
      }
      this.#child.stdin?.write(`${JSON.stringify({ ...job, secret })}\n`)
    })
    stopListening()
    if (!stays || forged || this.#runs >= MOST_RUNS) this.kill()
    return { reports, forged, ending, output: this.#shownOutput() }
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  #receive(chunk: string): void {
    const lines = (this.#rest + chunk).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) this.#hears(line)
  }

  #keep(chunk: Buffer): void {
    this.#printed += chunk.length
    if (this.#output.length < MOST_OUTPUT) this.#output += chunk.toString('utf8')
  }

  #shownOutput(): string {
    if (this.#printed <= MOST_OUTPUT) return this.#output
    return `${this.#output.slice(0, MOST_OUTPUT)}\n… cut here; ${this.#printed} bytes were printed`
  }
}

/** A company's own certificates cost 70 ms on every start of Node, and only a Redis with TLS needs them. */
function certificates({ url }: SandboxEnvironment): { NODE_EXTRA_CA_CERTS?: undefined } {
  return url.startsWith('rediss:') ? {} : { NODE_EXTRA_CA_CERTS: undefined }
}

function opened(line: string, secret: string, next: Map<string, number>): Report | undefined {
  const at = line.indexOf(' ')
  const body = line.slice(at + 1)
  if (!isSignature(line.slice(0, Math.max(at, 0)), secret, body)) return undefined
  const [channel, sequence, report] = JSON.parse(body) as [string, number, Report]
  if (next.get(channel) !== sequence) return undefined
  next.set(channel, sequence + 1)
  return report
}
