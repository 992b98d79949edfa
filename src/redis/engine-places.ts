import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where a container engine may listen. */
export interface EnginePlace {
  /** As DOCKER_HOST would name it. */
  readonly dockerHost: string
  /** The folder with ca.pem, cert.pem and key.pem, for an engine that's reached over TLS. */
  readonly certificates?: string
  /** The setting that names it, for a message; undefined for a socket that's tried because engines use it. */
  readonly namedBy?: string
}

/**
 * The places to try, in this order: the testcontainers settings, DOCKER_HOST, the current Docker context, and the
 * sockets that engines usually listen on. If DOCKER_HOST names an engine, that's the only one to try.
 */
export function enginePlaces(env: NodeJS.ProcessEnv): readonly EnginePlace[] {
  const told = (name: string) => testcontainersProperties(env).get(name)
  const place = (dockerHost: string | undefined, namedBy: string, certificates?: string | false) =>
    dockerHost ? [{ dockerHost, namedBy, ...(certificates && { certificates }) }] : []
  const first = place(told('tc.host'), 'tc.host in ~/.testcontainers.properties')
  const verify = env.DOCKER_TLS_VERIFY ?? told('docker.tls.verify')
  const certificates =
    Boolean(verify) && (env.DOCKER_CERT_PATH ?? told('docker.cert.path') ?? dockerFolder(env))
  if (env.DOCKER_HOST) return [...first, ...place(env.DOCKER_HOST, 'DOCKER_HOST', certificates)]
  return [
    ...first,
    ...place(told('docker.host'), 'docker.host in ~/.testcontainers.properties', certificates),
    ...contextPlace(env),
    ...knownSockets(env),
  ]
}

/** Says that no engine answers and, if a setting says that there should be one, where. */
export function noEngineAnswers(env: NodeJS.ProcessEnv): string {
  const named = enginePlaces(env).find(({ namedBy }) => namedBy !== undefined)
  if (named === undefined) {
    const context = env.DOCKER_CONTEXT
    if (!context || context === 'default')
      return 'No container engine is running: neither Docker nor Podman responds.'
    return `No container engine responds, and DOCKER_CONTEXT names "${context}", which isn't a Docker context here.`
  }
  const { dockerHost, namedBy } = named
  const where = `${dockerHost} (${namedBy})`
  if (!dockerHost.startsWith('ssh://')) return `No container engine responds at ${where}.`
  return `The container engine at ${where} can't be used, because eventlings doesn't speak SSH.`
}

/**
 * Set with `docker context use`, or DOCKER_CONTEXT. Docker Desktop, Colima and Rancher Desktop each create their own.
 */
function contextPlace(env: NodeJS.ProcessEnv): readonly EnginePlace[] {
  const folder = dockerFolder(env)
  const name = env.DOCKER_CONTEXT || textAt(readJson(join(folder, 'config.json')), 'currentContext')
  if (!name || name === 'default') return []
  const id = createHash('sha256').update(name).digest('hex')
  const contexts = join(folder, 'contexts')
  const meta = readJson(join(contexts, 'meta', id, 'meta.json'))
  const dockerHost = textAt(meta, 'Endpoints', 'docker', 'Host')
  if (!dockerHost) return []
  const certificates = join(contexts, 'tls', id, 'docker')
  const namedBy = `the Docker context "${name}"`
  return [{ dockerHost, namedBy, ...(existsSync(certificates) && { certificates }) }]
}

/**
 * Each only once: Docker Desktop makes /var/run/docker.sock a link to its own socket, and an engine that hangs costs
 * time.
 */
function knownSockets(env: NodeJS.ProcessEnv): readonly EnginePlace[] {
  if (process.platform === 'win32') {
    const pipes = ['docker_engine', 'dockerDesktopLinuxEngine', 'podman-machine-default']
    return pipes.map((pipe) => ({ dockerHost: `npipe:////./pipe/${pipe}` }))
  }
  const home = homeOf(env)
  const runtime = env.XDG_RUNTIME_DIR || `/run/user/${process.getuid?.()}`
  const machine = join(home, '.local', 'share', 'containers', 'podman', 'machine')
  const sockets = [
    '/var/run/docker.sock',
    join(runtime, 'docker.sock'),
    join(runtime, 'podman', 'podman.sock'),
    join(home, '.docker', 'run', 'docker.sock'),
    join(home, '.docker', 'desktop', 'docker.sock'),
    join(home, '.orbstack', 'run', 'docker.sock'),
    join(home, '.rd', 'docker.sock'),
    ...[join(home, '.colima'), join(home, '.config', 'colima')].flatMap((colima) =>
      ['default', ...foldersIn(colima)].map((profile) => join(colima, profile, 'docker.sock')),
    ),
    join(machine, 'podman.sock'),
    join(machine, 'qemu', 'podman.sock'),
    '/run/podman/podman.sock',
  ]
  return [...new Set(sockets.flatMap(real))].map((socket) => ({ dockerHost: `unix://${socket}` }))
}

/** Java's format: `name=value` or `name: value`, where a backslash protects the next character. */
function testcontainersProperties(env: NodeJS.ProcessEnv): ReadonlyMap<string, string> {
  const lines = readText(join(homeOf(env), '.testcontainers.properties')).split('\n')
  const pairs = lines.flatMap((line): [string, string][] => {
    const [, name, value] = /^\s*([\w.]+)\s*[=:]\s*(.*?)\s*$/.exec(line) ?? []
    return name && value ? [[name, value.replace(/\\(.)/g, '$1')]] : []
  })
  return new Map(pairs)
}

function dockerFolder(env: NodeJS.ProcessEnv): string {
  return env.DOCKER_CONFIG || join(homeOf(env), '.docker')
}

function homeOf(env: NodeJS.ProcessEnv): string {
  return env.HOME || homedir()
}

/** Undefined if it doesn't exist, or can't be read. */
function real(socket: string): readonly string[] {
  try {
    return [realpathSync(socket)]
  } catch {
    return []
  }
}

function foldersIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readText(file))
  } catch {
    return undefined
  }
}

function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  let found = value
  for (const name of path) {
    found =
      typeof found === 'object' && found !== null
        ? Object.entries(found).find(([key]) => key === name)?.[1]
        : undefined
  }
  return typeof found === 'string' ? found : undefined
}
