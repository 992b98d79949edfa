import { refuseOld, requiredRedisServer, startOnFreePort } from './binary.ts'
import { makeDataFolder } from './data-folder.ts'
import { RedisUnavailableError } from './errors.ts'
import { type ServerProcess, ServerStartError, startServerProcess } from './server-process.ts'

export interface OwnServerOptions {
  /** Flags of redis-server, e.g. `['--appendonly', 'yes', '--appendfsync', 'always']`; port, address and folder are ours. */
  readonly args?: readonly string[]
  /** An existing folder to keep the data in, left alone by `stop`. Without it, one that `stop` removes. */
  readonly folder?: string
  /** Instead of `process.env`, for the PATH. */
  readonly env?: NodeJS.ProcessEnv
}

/** A redis-server to crash, restart and throw away. */
export interface OwnServer {
  /** Stays the same over restarts. */
  readonly url: string
  /** Where the append-only file and the snapshots are. */
  readonly folder: string
  readonly version: string
  /** SIGKILL: what was not handed to the operating system is lost. */
  crash(): Promise<void>
  /** SIGSTOP: from now on it answers nothing, as behind a cut cable; `restart` and `stop` end that. Not on Windows. */
  pause(): void
  /** Starts again on the same folder and port; resolves when the data is loaded. A server that still runs is crashed. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** Needs an installed redis-server or valkey-server; rejects with `RedisUnavailableError` otherwise. */
export async function startOwnServer(options: OwnServerOptions = {}): Promise<OwnServer> {
  const { args = [], env = process.env } = options
  const executable = requiredRedisServer(env)
  const folder =
    options.folder === undefined ? await makeDataFolder() : { path: options.folder, remove: async () => {} }
  let server: ServerProcess
  try {
    server = await startOnFreePort(executable, folder.path, args)
    const { version } = await refuseOld(server, executable)
    const { port } = server
    return {
      url: `redis://127.0.0.1:${port}`,
      folder: folder.path,
      version,
      crash: () => server.kill(),
      pause: () => server.pause(),
      async restart() {
        await server.kill()
        server = await startAgain(executable, port, folder.path, args)
      },
      async stop() {
        await server.kill()
        await folder.remove()
      },
    }
  } catch (error) {
    await folder.remove()
    throw error
  }
}

async function startAgain(
  executable: string,
  port: number,
  folder: string,
  args: readonly string[],
): Promise<ServerProcess> {
  try {
    return await startServerProcess({ executable, port, folder, args })
  } catch (error) {
    if (!(error instanceof ServerStartError)) throw error
    throw new RedisUnavailableError(
      'binary',
      `The server did not start again: ${error.message}`,
      `Its data is in ${folder}.`,
      { cause: error },
    )
  }
}
