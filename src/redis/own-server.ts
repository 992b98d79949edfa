import { refuseOld, requiredRedisServer, startOnFreePort } from './binary.ts'
import { makeDataFolder } from './data-folder.ts'
import { RedisUnavailableError } from './errors.ts'
import { type ServerProcess, ServerStartError, startServerProcess } from './server-process.ts'

export interface OwnServerOptions {
  /**
   * Flags of redis-server, for example `['--appendonly', 'yes', '--appendfsync', 'always']`; port, address and folder
   * are ours.
   */
  readonly args?: readonly string[]
  /** An existing folder for the data, which `stop` leaves alone. Without it, a new one that `stop` removes. */
  readonly folder?: string
  /** Replaces `process.env`, for the PATH. */
  readonly env?: NodeJS.ProcessEnv
}

/** A redis-server to crash, restart and throw away. */
export interface OwnServer {
  /** Stays the same across restarts. */
  readonly url: string
  /** The folder of the append-only file and the snapshots. */
  readonly folder: string
  readonly version: string
  /** Sends SIGKILL: what wasn't handed to the operating system is lost. */
  crash(): Promise<void>
  /**
   * Sends SIGSTOP: from now on it answers nothing, as if a cable were cut; `restart` and `stop` end that. Not on
   * Windows.
   */
  pause(): void
  /**
   * Starts again on the same folder and port; resolves when the data is loaded. A server that's still running is
   * crashed first.
   */
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
      `The server didn't start again: ${error.message}`,
      `Its data is in ${folder}.`,
      { cause: error },
    )
  }
}
