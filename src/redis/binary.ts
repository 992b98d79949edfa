import { basename } from 'node:path'
import { freePort } from '../common/free-port.ts'
import { type DataFolder, makeDataFolder } from './data-folder.ts'
import { RedisUnavailableError } from './errors.ts'
import { findRedisServer } from './executables.ts'
import { type ServerProcess, ServerStartError, startServerProcess } from './server-process.ts'
import type { RunningRedis } from './types.ts'
import { fullName, isTooOld, OLDEST_VERSION, type ServerVersion, shortName } from './version.ts'

/** Nothing is persisted: the data of a check is worthless after it, and a disk would only slow it down. */
const NO_PERSISTENCE = ['--save', '', '--appendonly', 'no']

/** How often another port is tried when a program took the free one in between. */
const PORT_ATTEMPTS = 5

/**
 * Starts the installed `redis-server` or `valkey-server` on a free loopback port, without persistence. `pickPort` is
 * a parameter so that a test can pick one in use. Rejects with `RedisUnavailableError`.
 */
export async function startBinary(env: NodeJS.ProcessEnv, pickPort = freePort): Promise<RunningRedis> {
  const executable = requiredRedisServer(env)
  const folder = await makeDataFolder()
  try {
    const server = await startOnFreePort(executable, folder.path, NO_PERSISTENCE, pickPort)
    return await accepted(server, executable, folder)
  } catch (error) {
    await folder.remove()
    throw error
  }
}

/** The path of the server's program; throws `RedisUnavailableError` if there isn't one. */
export function requiredRedisServer(env: NodeJS.ProcessEnv): string {
  const executable = findRedisServer(env)
  if (executable !== undefined) return executable
  throw new RedisUnavailableError(
    'binary',
    'Neither redis-server nor valkey-server is on the PATH.',
    'Install Redis (Debian and Ubuntu: `apt install redis-server`, macOS: `brew install redis`), or use `--redis embedded`.',
  )
}

/** Starts a server, on another port if the free one is no longer free. */
export async function startOnFreePort(
  executable: string,
  folder: string,
  args: readonly string[],
  pickPort = freePort,
): Promise<ServerProcess> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startServerProcess({ executable, port: await pickPort(), folder, args })
    } catch (error) {
      if (!(error instanceof ServerStartError)) throw error
      if (error.portTaken && attempt < PORT_ATTEMPTS) continue
      throw notStarted(executable, error, error.portTaken)
    }
  }
}

function notStarted(executable: string, error: ServerStartError, portTaken: boolean): RedisUnavailableError {
  const problem = portTaken
    ? `${basename(executable)} tried ${PORT_ATTEMPTS} free ports, but each was already in use by then.`
    : `${basename(executable)} didn't start: ${error.message}`
  const remedy = portTaken
    ? 'Try again, or use `--redis embedded`.'
    : `Run \`${executable}\` on its own to see more, or use \`--redis embedded\`.`
  return new RedisUnavailableError('binary', problem, remedy, { cause: error })
}

/** Ends a server that's too old for the lessons and throws `RedisUnavailableError`; otherwise returns its version. */
export async function refuseOld(server: ServerProcess, executable: string): Promise<ServerVersion> {
  const { version } = server
  if (version !== undefined && !isTooOld(version)) return version
  await server.kill()
  const what = version === undefined ? 'too old to report its version' : fullName(version)
  throw new RedisUnavailableError(
    'binary',
    `${executable} is ${what}, but the lessons need ${OLDEST_VERSION} or newer.`,
    'Install a newer Redis, or use `--redis embedded`.',
  )
}

async function accepted(
  server: ServerProcess,
  executable: string,
  folder: DataFolder,
): Promise<RunningRedis> {
  const version = await refuseOld(server, executable)
  const stop = async () => {
    await server.kill()
    await folder.remove()
  }
  return {
    url: `redis://127.0.0.1:${server.port}`,
    kind: 'binary',
    name: fullName(version),
    version: version.version,
    description: `${shortName(version)} (${basename(executable)} on this machine)`,
    limits: undefined,
    notices: [],
    stop,
    crash: stop,
    has: () => true,
  }
}
