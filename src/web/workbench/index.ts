import { listen, PortError } from '../../http/index.ts'
import type { Home } from '../../learner/index.ts'
import { bundleAssets, lessonAssets, workbenchAssets } from '../assets.ts'
import { type WorkbenchAppOptions, workbenchApp } from './app.ts'
import { removeDoor, writeDoor } from './door.ts'
import { claim, invitationToOpen, lastPort, release } from './running.ts'

export interface WorkbenchOptions extends WorkbenchAppOptions {
  /** 0 or undefined for the last one, or a free one. */
  readonly port?: number | undefined
}

export interface Workbench {
  /** Lets one browser in, and shows the page. */
  readonly address: string
  /** A page in a file that leads to a second address, for starting a browser. */
  readonly door: string
  /** Another program was already serving this home, so nothing was started. */
  readonly isOthers: boolean
  close(): Promise<void>
}

/** Opens the page at `path`: of the workbench that's already open for this home, or of a new one. Rejects with PortError. */
export async function openWorkbench(path: string, options: WorkbenchOptions): Promise<Workbench> {
  const { home } = options.learner
  const address = await invitationToOpen(home, path)
  return address === undefined ? start(path, options) : others(home, address, path)
}

async function start(path: string, options: WorkbenchOptions): Promise<Workbench> {
  const { origin } = options
  const { home } = options.learner
  const assets = await bundleAssets(lessonAssets, workbenchAssets)
  const { app, access, close } = workbenchApp(options, assets)
  const server = await listenAgain(app, options.port, lastPort(home))
  const mineNow = { port: server.port, key: access.ownerKey }
  const end = async () => {
    await server.close()
    await close()
    await release(home, mineNow).catch(() => {}) // a folder that's gone has no note
  }
  try {
    const other = await claim(home, mineNow, path)
    if (other !== undefined) {
      await end()
      return others(home, other, path)
    }
    const at = origin ?? `http://127.0.0.1:${server.port}`
    return {
      address: at + access.invitation(path),
      door: writeDoor(home.log, at + access.invitation(path)),
      isOthers: false,
      async close() {
        removeDoor(home.log)
        await end()
      },
    }
  } catch (error) {
    await end()
    throw error
  }
}

/** On the port of the last workbench if it's free: pages that are still open connect again there. */
async function listenAgain(
  app: Parameters<typeof listen>[0],
  port: number | undefined,
  last: number | undefined,
) {
  const options = { host: '127.0.0.1' }
  if (port !== undefined || last === undefined) return listen(app, { ...options, port: port ?? 0 })
  return listen(app, { ...options, port: last }).catch((error: unknown) => {
    if (!(error instanceof PortError)) throw error
    return listen(app, { ...options, port: 0 })
  })
}

async function others(home: Home, address: string, path: string): Promise<Workbench> {
  const second = (await invitationToOpen(home, path)) ?? address
  return { address, door: writeDoor(home.log, second), isOthers: true, close: async () => {} }
}
