import type { Hono } from 'hono'
import { isAlive } from '../../common/is-alive.ts'
import { type Listening, listen, PortError } from '../../http/index.ts'
import { ClassError } from '../errors.ts'
import { classApp } from '../http/app.ts'
import { Tickets } from '../http/tickets.ts'
import { Hub, type HubOptions } from '../hub/hub.ts'
import { limits } from '../limits.ts'
import { addressesOf, isLoopback } from './addresses.ts'
import { type ClassFile, classFolder, writeClass } from './class-file.ts'
import { type OpenRedis, openClassRedis } from './class-redis.ts'

/** What the course has for the class: its lessons, and the sentences that the wall may show. */
export type Columns = Pick<HubOptions, 'lessons' | 'inTheCoursesWords'>

export interface OpenClassOptions {
  /** `.eventlings`. */
  readonly folder: string
  readonly file: ClassFile
  readonly columns: Columns
  readonly env: NodeJS.ProcessEnv
  readonly addPages?: (app: Hono, hub: Hub) => void
  readonly onError?: (error: Error) => void
  /** Uses Hono's own, faster Request and Response in this whole process; default: false. */
  readonly overrideGlobalObjects?: boolean
}

export interface OpenClass {
  readonly hub: Hub
  /** As it was really opened: source of Redis, port. */
  readonly file: ClassFile
  readonly redis: OpenRedis
  /** For the instructor, on this machine. */
  readonly own: string
  /** An address that opens the instructor's pages once, without the secret. */
  loggedIn(): string
  /** For learners. */
  readonly addresses: readonly string[]
  readonly isLoopback: boolean
  close(): Promise<void>
}

/** The usual port, so that the address stays the same from day to day. */
export const USUAL_PORT = 4280

/** The hub alone, without a server: to export or close a class that isn't open. */
export async function openHub(options: Omit<OpenClassOptions, 'addPages' | 'onError'>) {
  const { folder, file, columns, env } = options
  await assertNotOpen(file)
  const redis = await openClassRedis(file.redis, classFolder(folder, file.classInfo.id), env)
  try {
    const hub = await Hub.open({ ...columns, redis: redis.client, classInfo: file.classInfo })
    return {
      hub,
      redis,
      async close() {
        await hub.close()
        await redis.stop()
      },
    }
  } catch (error) {
    await redis.stop()
    throw error
  }
}

/** Opens a class, for the first time or again. Rejects with ClassError or RedisUnavailableError. */
export async function openClass(options: OpenClassOptions): Promise<OpenClass> {
  const { folder, file, addPages, onError } = options
  const { hub, redis, close } = await openHub(options)
  try {
    if (hub.isClosed) await hub.execute({ do: 'reopen' })
    const loopback = isLoopback(file.host) ? file.host : undefined
    const tickets = new Tickets(file.secret)
    const app = classApp({
      hub,
      loopback,
      tickets,
      ...(addPages && { addPages }),
      ...(onError && { onError }),
    })
    const listening = await listenOn(app, file, options.overrideGlobalObjects)
    const { port } = listening
    const addresses = addressesOf(file.host, port)
    hub.setAddresses(addresses)
    let opened: ClassFile = { ...file, redis: redis.source, port, pid: process.pid, classInfo: hub.classInfo }
    writeClass(folder, opened)
    // A new join code has to survive a Redis that loses everything, and so does logging out.
    const unfollow = hub.follow(() => {
      const { joinCode, loggedOutAt } = hub.classInfo
      if (joinCode === opened.classInfo.joinCode && loggedOutAt === opened.classInfo.loggedOutAt) return
      opened = { ...opened, classInfo: hub.classInfo }
      writeClass(folder, opened)
    })
    return {
      hub,
      file: opened,
      redis,
      own: ownAddress(opened),
      loggedIn: () => `${ownAddress(opened)}/instructor#${tickets.issue()}`,
      addresses,
      isLoopback: isLoopback(file.host),
      async close() {
        unfollow()
        await listening.close()
        await close()
        writeClass(folder, { ...opened, pid: undefined })
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}

/**
 * Port 0: the usual one, or any free one. A port that was requested, or that learners have, is never silently
 * replaced.
 */
async function listenOn(
  app: Hono,
  { host, port }: ClassFile,
  overrideGlobalObjects = false,
): Promise<Listening> {
  const options = { host, connections: limits.connections, overrideGlobalObjects }
  try {
    return await listen(app, { ...options, port: port === 0 ? USUAL_PORT : port })
  } catch (error) {
    if (!(error instanceof PortError)) throw error
    if (port !== 0 || error.code !== 'EADDRINUSE') throw refused(host, error)
    return listen(app, { ...options, port: 0 })
  }
}

function refused(host: string, { port, code }: PortError): ClassError {
  switch (code) {
    case 'EADDRINUSE':
      return new ClassError(`Port ${port} is already in use. Choose another one with --port.`)
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new ClassError(
        `${host} isn't an address of this machine. Use --host 0.0.0.0 for all of its addresses.`,
      )
    default:
      return new ClassError(`${host}:${port} can't be used (${code ?? 'unknown reason'}).`)
  }
}

/** Two servers on one data folder would ruin it. */
async function assertNotOpen(file: ClassFile): Promise<void> {
  const { classInfo, pid, port, redis } = file
  if (pid === process.pid || /^rediss?:/.test(redis) || !(await isOpen(file))) return
  throw new ClassError(`"${classInfo.name}" is already open, on port ${port} (process ${pid}).`)
}

/**
 * Whether the hub that opened the class last is still running. Its process number may have been reused, so it must
 * answer, too; or at least listen, because a busy machine may take its time.
 */
export async function isOpen(file: ClassFile): Promise<boolean> {
  if (file.pid === undefined || !isAlive(file.pid)) return false
  try {
    await fetch(ownAddress(file), { signal: AbortSignal.timeout(2_000) })
    return true
  } catch (error) {
    return error instanceof Error && error.name === 'TimeoutError'
  }
}

/** Where this machine reaches its hub. */
export function ownAddress({ host, port }: Pick<ClassFile, 'host' | 'port'>): string {
  const isAll = host === '0.0.0.0' || host === '::'
  return addressesOf(isAll ? '127.0.0.1' : host, port)[0] ?? ''
}
