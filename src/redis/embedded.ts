import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { freePort } from '../common/free-port.ts'
import { RedisUnavailableError } from './errors.ts'
import { findRedisServer } from './executables.ts'
import { helperEnv, helperFile } from './plain-node.ts'
import type { RunningRedis } from './types.ts'

const LIMITS =
  "The embedded server is an imitation of Redis in JavaScript: it's slower and keeps nothing on disk."
/** The tasks' `Needs:` and `has` below determine which tasks these are. */
const SKIPPED = {
  withoutServer: 'Tasks that need a real server are skipped.',
  withServer:
    'Tasks that start their own servers use the redis-server on this machine; a task that measures Redis itself is skipped.',
}

/** What js-redis-server replies to `INFO` in the profile that `embedded-server.mjs` requests. */
const VERSION = '7.0.15'

/** Starting takes a tenth of a second on an idle machine; this limit is for a very busy one. */
const START_TIMEOUT_MS = 30_000

/**
 * js-redis-server in its own process, so that a learner's endless loop can't block it. It ends with its parent
 * because its standard input, a pipe, closes then. Rejects with `RedisUnavailableError`.
 */
export async function startEmbedded(env: NodeJS.ProcessEnv): Promise<RunningRedis> {
  const child = spawn(process.execPath, [helperFile('embedded-server.mjs'), String(await freePort())], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: helperEnv(),
    windowsHide: true,
  })
  const port = await announcedPort(child)
  const hasServer = findRedisServer(env) !== undefined
  letGo(child)
  const end = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.ref()
    child.kill('SIGKILL') // it has nothing to save
    await ended
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    kind: 'embedded',
    name: 'the embedded server',
    version: VERSION,
    description: 'an embedded imitation of Redis 7.0 (js-redis-server)',
    limits: `${LIMITS} ${hasServer ? SKIPPED.withServer : SKIPPED.withoutServer}`,
    notices: [],
    stop: end,
    crash: end,
    has: (need) => need !== 'real-server' && hasServer,
  }
}

function announcedPort(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let said = ''
    let complaint = ''
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      fail(`it wasn't ready after ${START_TIMEOUT_MS / 1000} seconds`)
    }, START_TIMEOUT_MS)
    const fail = (why: string) => {
      clearTimeout(timer)
      reject(
        new RedisUnavailableError(
          'embedded',
          `The embedded Redis didn't start: ${why}.`,
          'Run `npm ci` again, or install Redis and choose it with `--redis binary`.',
        ),
      )
    }
    child.once('error', (error) => fail(error.message))
    child.once('close', () => fail(lastLine(complaint) ?? 'its process exited immediately'))
    child.stderr?.on('data', (chunk: Buffer) => {
      complaint = `${complaint}${chunk}`.slice(-4_000)
    })
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk
      const port = /^\{"port":(\d+)\}\n/.exec(said)?.[1]
      if (port === undefined) return
      clearTimeout(timer)
      resolve(Number(port))
    })
  })
}

/** The line of a Node stack trace that says what happened. */
function lastLine(complaint: string): string | undefined {
  return /^(?:\w*Error.*: )(.+)$/m.exec(complaint)?.[1]?.replace(/\.$/, '')
}

/** After this call, neither the child nor its pipes keep this process alive, and the child's output is discarded. */
function letGo(child: ChildProcess): void {
  child.removeAllListeners('close')
  child.on('error', () => {})
  child.unref()
  for (const stream of [child.stdin, child.stdout, child.stderr]) {
    stream?.removeAllListeners('data')
    stream?.on('error', () => {})
    if (stream !== null && 'unref' in stream && typeof stream.unref === 'function') stream.unref()
  }
  child.stdout?.resume()
  child.stderr?.resume()
}
