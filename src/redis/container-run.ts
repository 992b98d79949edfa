import { GenericContainer, getContainerRuntimeClient, type StartedTestContainer, Wait } from 'testcontainers'
import { sentenceOf } from '../common/errors.ts'
import type { ContainerEngine } from './container-engine.ts'
import type { EnginePlace } from './engine-places.ts'
import { RedisUnavailableError } from './errors.ts'

const REDIS_PORT = 6379
/** A running container reports within a second that it's ready; an image of something else never does. */
const START_TIMEOUT_MS = 20_000

/** Starts the image; resolves with its address when Redis reports that it accepts connections. */
export async function runContainer(
  engine: ContainerEngine,
  image: string,
  labels: Readonly<Record<string, string>>,
  onCreated: (id: string) => void,
): Promise<{ readonly url: string }> {
  const container = new RedisContainer(image, onCreated)
    .withExposedPorts(REDIS_PORT)
    .withLabels({ ...labels })
    .withWaitStrategy(Wait.forLogMessage(/ready to accept connections/i))
    .withStartupTimeout(START_TIMEOUT_MS)
    .withAutoCleanup(false) // no Ryuk, which is another image to download: guardian.mjs does its job
  try {
    const started = await telling(engine.place, () => container.start())
    return { url: `redis://${hostOf(started)}:${started.getMappedPort(REDIS_PORT)}` }
  } catch (error) {
    throw notStarted(image, engine, error)
  }
}

class RedisContainer extends GenericContainer {
  private readonly onCreated: (id: string) => void

  constructor(image: string, onCreated: (id: string) => void) {
    super(image)
    this.onCreated = onCreated
  }

  /**
   * An engine publishes on every interface, past the firewall, and this Redis has no password, so only loopback is
   * used.
   */
  protected override async beforeContainerCreated(): Promise<void> {
    const { info } = await getContainerRuntimeClient()
    if (!isLoopback(info.containerRuntime.host)) return // the engine runs elsewhere, or we're in a container ourselves
    this.hostConfig.PortBindings = { [`${REDIS_PORT}/tcp`]: [{ HostIp: '127.0.0.1', HostPort: '0' }] }
  }

  protected override async containerCreated(id: string): Promise<void> {
    this.onCreated(id)
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '127.0.0.1' || host === '::1'
}

/** `localhost` may mean ::1 first, where nothing was published. */
function hostOf(started: StartedTestContainer): string {
  const host = started.getHost()
  return isLoopback(host) ? '127.0.0.1' : host
}

/**
 * testcontainers looks in fewer places than we do (neither at Docker contexts nor at Podman's sockets), so it gets
 * the address; child processes don't.
 */
async function telling<T>({ dockerHost, certificates }: EnginePlace, run: () => Promise<T>): Promise<T> {
  const told = {
    DOCKER_HOST: dockerHost,
    DOCKER_TLS_VERIFY: certificates && '1',
    DOCKER_CERT_PATH: certificates,
  }
  const before = Object.keys(told).map((name) => [name, process.env[name]] as const)
  setVariables(Object.entries(told))
  try {
    return await run()
  } finally {
    setVariables(before)
  }
}

function setVariables(variables: readonly (readonly [name: string, value: string | undefined])[]): void {
  for (const [name, value] of variables) {
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  }
}

function notStarted(image: string, engine: ContainerEngine, error: unknown): RedisUnavailableError {
  const message = sentenceOf(error)
  const noRedis = /Log (stream ended|message)/.test(message)
  return noRedis
    ? new RedisUnavailableError(
        'container',
        `The image ${image} isn't a Redis image: its container started but never accepted connections.`,
        'Name an image of Redis or Valkey in EVENTLINGS_IMAGE, or leave that variable out.',
        { cause: error },
      )
    : new RedisUnavailableError(
        'container',
        `${engine.product} can't start a container from ${image}: ${firstLine(message)}.`,
        `Try \`${engine.product.toLowerCase()} run --rm ${image}\` to see more, or choose another source with \`--redis\`.`,
        { cause: error },
      )
}

/** `(HTTP code 500) server error - runc: …` without the parts that only a program needs. */
function firstLine(message: string): string {
  const line = message.split('\n')[0] ?? ''
  return line
    .replace(/^\(HTTP code \d+\) [\w ]+ - /, '')
    .replace(/[\s:.]+$/, '')
    .slice(0, 200)
}
