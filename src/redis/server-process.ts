import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { guard } from './guardian.ts'
import { type ServerVersion, versionInLog } from './version.ts'

export interface ServerProcess {
  readonly port: number
  /** Missing when the server is so old, or so strange, that it doesn't write its version first. */
  readonly version: ServerVersion | undefined
  /** Sends SIGKILL, as abrupt as a power cut; resolves when the process is gone. Safe to call twice. */
  kill(): Promise<void>
  /** Sends SIGSTOP: it keeps its connections and answers nothing until it's killed. Not on Windows. */
  pause(): void
}

export interface ServerProcessOptions {
  readonly executable: string
  readonly port: number
  /** Working folder and data folder. */
  readonly folder: string
  readonly args: readonly string[]
}

/** The server ended, or was ended, before it accepted connections. */
export class ServerStartError extends Error {
  override readonly name = 'ServerStartError'
  readonly log: string

  constructor(reason: string, log: string) {
    super(reason)
    this.log = log
  }

  get portTaken(): boolean {
    return /Address already in use|Failed listening on port/i.test(this.log)
  }
}

/**
 * Maximum startup time: with data to load, a server takes longer than the usual 15 ms, and this limit is for one that
 * hangs.
 */
const START_TIMEOUT_MS = 30_000

/** Starts `redis-server` or `valkey-server` on loopback; resolves when its log says that it accepts connections. */
export async function startServerProcess(options: ServerProcessOptions): Promise<ServerProcess> {
  const { executable, port, folder, args } = options
  const placed = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--daemonize', 'no']
  const child = spawn(executable, [...placed, '--logfile', '', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: folder,
    detached: true, // Ctrl-C in the terminal is for the program, which then stops the server cleanly
    windowsHide: true,
  })
  const release = child.pid === undefined ? () => {} : guard({ kind: 'process', pid: child.pid })
  child.once('exit', release)
  const log = await readyLog(child)
  letGo(child)
  return {
    port,
    version: versionInLog(log),
    kill: () => kill(child),
    pause: () => void child.kill('SIGSTOP'),
  }
}

function readyLog(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let log = ''
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new ServerStartError(`It wasn't ready after ${START_TIMEOUT_MS / 1000} seconds.`, log))
    }, START_TIMEOUT_MS)
    child.once('error', (error) => {
      clearTimeout(timer)
      reject(new ServerStartError(`It can't run: ${error.message}.`, log))
    })
    child.once('close', () => {
      clearTimeout(timer)
      reject(new ServerStartError(lastSentence(log) ?? 'It exited immediately without a message.', log))
    })
    const read = (chunk: Buffer) => {
      log = `${log}${chunk}`
      if (!/ready to accept connections/i.test(log)) return
      clearTimeout(timer)
      resolve(log)
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
  })
}

/** `123:M 21 Nov 2026 08:33:24.116 # Failed …` without the part before the words. */
function lastSentence(log: string): string | undefined {
  const said = log
    .split(/\r?\n/)
    .map((line) => line.replace(/^\d+:\w .*?\d\d:\d\d:\d\d\.\d+ [*#.-] /, '').trim())
    .filter((line) => line !== '' && !line.endsWith('bye bye...'))
    .at(-1)
  return said === undefined ? undefined : said.replace(/\.?$/, '.')
}

/** The server no longer keeps this process alive, and its log is discarded so that its pipe never fills up. */
function letGo(child: ChildProcess): void {
  child.removeAllListeners('close')
  child.on('error', () => {})
  child.unref()
  for (const stream of [child.stdout, child.stderr]) {
    stream?.removeAllListeners('data')
    stream?.resume()
    if (stream !== null && 'unref' in stream && typeof stream.unref === 'function') stream.unref()
  }
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.ref()
  child.kill('SIGKILL')
  await gone
}
