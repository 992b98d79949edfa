import { randomUUID } from 'node:crypto'
import { readAddress } from './address.ts'
import { explainConnectProblem } from './connect-problem.ts'
import { type ContainerEngine, callEngine, findEngine } from './container-engine.ts'
import { hasImage, imageName, pullImage } from './container-image.ts'
import { noEngineAnswers } from './engine-places.ts'
import { RedisUnavailableError } from './errors.ts'
import { findRedisServer } from './executables.ts'
import { guard } from './guardian.ts'
import { probe } from './probe.ts'
import type { RunningRedis } from './types.ts'
import { fullName, isTooOld, OLDEST_VERSION, type ServerVersion, shortName } from './version.ts'

/** The label by which the guardian finds our container even if we died while the engine was creating it. */
const LABEL = 'eventlings.session'
const OTHER_IMAGE =
  'Name an image of Redis or Valkey in EVENTLINGS_IMAGE, or choose another source with `--redis`.'

/**
 * Redis in a container that lives as long as this process. Downloads the image if necessary, and reports its progress
 * to `onNotice`. Rejects with `RedisUnavailableError`.
 */
export async function startContainer(
  env: NodeJS.ProcessEnv,
  onNotice: (sentence: string) => void,
  found?: ContainerEngine,
): Promise<RunningRedis> {
  const engine = found ?? (await requiredEngine(env))
  const image = imageName(env)
  if (!(await hasImage(engine, image))) await pullImage(engine, image, onNotice)

  const session = randomUUID()
  const release = guard({ kind: 'containers', engine: engine.address, label: `${LABEL}=${session}` })
  let id: string | undefined
  const end = async () => {
    if (id !== undefined) await remove(engine, id)
    release()
  }
  try {
    const { runContainer } = await containerRun()
    const { url } = await runContainer(engine, image, { [LABEL]: session }, (created) => {
      id = created
    })
    const version = await versionOf(url, image)
    return {
      url,
      kind: 'container',
      name: fullName(version),
      version: version.version,
      description: `${shortName(version)} in a container`,
      limits: undefined,
      notices: [],
      stop: end,
      crash: end, // the engine removes it with SIGKILL
      has: (need) => need === 'real-server' || findRedisServer(env) !== undefined,
    }
  } catch (error) {
    await end()
    throw error
  }
}

/** Half a second of libraries, so not earlier. */
async function containerRun(): Promise<typeof import('./container-run.ts')> {
  return import('./container-run.ts').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new RedisUnavailableError(
      'container',
      "The package testcontainers isn't installed.",
      'Run `npm install`, or use `--redis embedded`.',
      { cause: error },
    )
  })
}

async function requiredEngine(env: NodeJS.ProcessEnv): Promise<ContainerEngine> {
  const engine = await findEngine(env)
  if (engine !== undefined) return engine
  throw new RedisUnavailableError(
    'container',
    noEngineAnswers(env),
    'Start Docker Desktop or `podman system service`, or use `--redis embedded`.',
  )
}

async function remove(engine: ContainerEngine, id: string): Promise<void> {
  await callEngine(engine.address, 'DELETE', `/containers/${id}?force=true&v=true`, { timeout: 20_000 })
}

async function versionOf(url: string, image: string): Promise<ServerVersion> {
  const address = readAddress(url)
  const probed = await probe(address).catch((error: unknown) => {
    const why = explainConnectProblem(error, address)
    if (why === undefined) throw error
    throw new RedisUnavailableError(
      'container',
      `The container from ${image} is running, but its Redis can't be used: ${why.problem}`,
      OTHER_IMAGE,
      { cause: error },
    )
  })
  probed.client.disconnect()
  // Forced, not just asked to close: while an engine rearranges its network, the other side's goodbye may never come.
  probed.client.stream?.destroy()
  const { version } = probed
  if (version !== undefined && !isTooOld(version)) return version
  throw new RedisUnavailableError(
    'container',
    `The image ${image} has Redis ${version?.version ?? 'of an unknown version'}, but the lessons need ${OLDEST_VERSION} or newer.`,
    OTHER_IMAGE,
  )
}
