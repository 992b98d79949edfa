import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../common/free-port.ts'
import { self } from '../../common/self.ts'
import { findRedisServer } from '../../redis/executables.ts'
import { startOwnServer, startRedis } from '../../redis/index.ts'
import { ClassError } from '../errors.ts'
import { type ClassFile, readClasses } from '../host/class-file.ts'
import { KEEP } from '../host/class-redis.ts'
import { ownAddress } from '../host/open-class.ts'

export interface Rehearsal {
  readonly hubs: readonly string[]
  readonly secret: string
  readonly joinCode: string
  /** Process IDs of the hubs that run or ran. */
  readonly pids: readonly number[]
  /** Kills the hub that was started last, and starts it again at the same address. Resolves when it's there. */
  killOne(): Promise<void>
  close(): Promise<void>
}

/** Maximum time for a hub to start (ms). */
const START = 60_000

/**
 * A separate class with as many hubs as requested, each in its own process as `class open` starts it, on a temporary
 * Redis and in a temporary folder. `program` is eventlings.mjs.
 */
export async function rehearse(
  program: string,
  count: number,
  env: NodeJS.ProcessEnv,
  on: 'single' | 'cluster' = 'single',
): Promise<Rehearsal> {
  const home = await mkdtemp(path.join(tmpdir(), 'eventlings-rehearsal-'))
  const redis = on === 'cluster' ? await startClusterOf(env) : await startAnyRedis(env)
  const children: ChildProcess[] = []
  const close = async () => {
    for (const child of children) child.kill('SIGKILL')
    await redis.stop()
    await rm(home, { recursive: true, force: true, maxRetries: 5 })
  }
  const start = async (words: readonly string[], port: number): Promise<ClassFile> => {
    const flags = ['--no-open', '--port', String(port), '--redis', redis.url]
    const child = spawn(process.execPath, [program, 'class', ...words, ...flags], {
      stdio: 'ignore',
      env: { ...env, EVENTLINGS_HOME: home, EVENTLINGS_SENDER: '1' },
      windowsHide: true,
    })
    children.push(child)
    return opened(path.join(home, '.eventlings'), child)
  }
  try {
    const files: ClassFile[] = []
    for (let hub = 0; hub < count; hub += 1) {
      // Never the usual port, which belongs to tomorrow's class, or to one that's open now.
      files.push(await start(hub === 0 ? ['open', '--name', 'Rehearsal'] : ['resume'], await freePort()))
    }
    const [first, last] = [files[0], files.at(-1)]
    if (first === undefined || last === undefined) throw new ClassError('A rehearsal needs a hub.')
    return {
      hubs: files.map(ownAddress),
      secret: first.secret,
      joinCode: first.classInfo.joinCode,
      get pids() {
        return children.flatMap(({ pid }) => pid ?? [])
      },
      async killOne() {
        const child = children.at(-1)
        const gone = new Promise((resolve) => child?.once('exit', resolve))
        child?.kill('SIGKILL')
        await gone
        await start(['resume'], last.port)
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function startClusterOf(env: NodeJS.ProcessEnv) {
  const { startCluster } = await import('../../redis/cluster.ts')
  const { nodes, stop } = await startCluster({ env })
  return { url: nodes[0] ?? '', stop }
}

async function startAnyRedis(env: NodeJS.ProcessEnv) {
  if (findRedisServer(env) === undefined) return startRedis('embedded', { env })
  return startOwnServer({ env, args: KEEP })
}

/** The hub writes its address to the file when it can be reached. */
async function opened(folder: string, child: ChildProcess): Promise<ClassFile> {
  const deadline = performance.now() + START
  while (performance.now() < deadline && child.exitCode === null) {
    const file = readClasses(folder).find(({ pid }) => pid === child.pid)
    if (file !== undefined) return file
    await sleep(50)
  }
  throw new ClassError(`The hub of the rehearsal didn't start. Run "${self} class doctor" to find out why.`)
}
