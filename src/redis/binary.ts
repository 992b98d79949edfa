import { basename } from 'node:path'
import { type DataFolder, makeDataFolder } from './data-folder.ts'
import { RedisUnavailableError } from './errors.ts'
import { findRedisServer } from './executables.ts'
import { freePort } from './free-port.ts'
import { type ServerProcess, ServerStartError, startServerProcess } from './server-process.ts'
import type { RunningRedis } from './types.ts'
import { fullName, isTooOld, OLDEST_VERSION, type ServerVersion, shortName } from './version.ts'

/** Nothing is kept: the data of a check is worth nothing after it, and a disk would only make it slower. */
const NO_PERSISTENCE = ['--save', '', '--appendonly', 'no']

/** How often another port is tried when somebody took the free one in between. */
const PORT_ATTEMPTS = 5

/**
 * The `redis-server` or `valkey-server` that is installed, on a free port of loopback, without persistence.
 * `pickPort` is a parameter so that a test can pick one that is taken. Rejects with `RedisUnavailableError`.
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

/** Where the server's program is; throws `RedisUnavailableError` if there is none. */
export function requiredRedisServer(env: NodeJS.ProcessEnv): string {
  const executable = findRedisServer(env)
  if (executable !== undefined) return executable
  throw new RedisUnavailableError(
    'binary',
    'Neither redis-server nor valkey-server is on the PATH.',
    'Install Redis (Debian and Ubuntu: `apt install redis-server`, macOS: `brew install redis`), or use `--redis embedded`.',
  )
}

/** Starts a server, with another port if the one that was free is not any more. */
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
    ? `${basename(executable)} found ${PORT_ATTEMPTS} free ports taken when it wanted to use them.`
    : `${basename(executable)} did not start: ${error.message}`
  const remedy = portTaken
    ? 'Try again, or use `--redis embedded`.'
    : `Run \`${executable}\` by itself to see more, or use \`--redis embedded\`.`
  return new RedisUnavailableError('binary', problem, remedy, { cause: error })
}

/** Ends a server that is too old for the lessons and throws `RedisUnavailableError`; otherwise tells its version. */
export async function refuseOld(server: ServerProcess, executable: string): Promise<ServerVersion> {
  const { version } = server
  if (version !== undefined && !isTooOld(version)) return version
  await server.kill()
  const what = version === undefined ? 'too old to tell its version' : fullName(version)
  throw new RedisUnavailableError(
    'binary',
    `${executable} is ${what}, and the lessons need ${OLDEST_VERSION} or newer.`,
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
    description: `${shortName(version)} (${basename(executable)} of this machine)`,
    limits: undefined,
    notices: [],
    stop,
    crash: stop,
    has: () => true,
  }
}
