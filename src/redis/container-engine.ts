import { existsSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import { request as secureRequest } from 'node:https'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { EngineAddress } from './guardian.ts'

/** A container engine (Docker, Podman) that answered. */
export interface ContainerEngine {
  readonly address: EngineAddress
  /** As DOCKER_HOST would name it. */
  readonly dockerHost: string
  /** On this machine: what it publishes on loopback can be reached. */
  readonly local: boolean
  readonly product: 'Docker' | 'Podman'
}

/** A socket that somebody listens on answers in a millisecond or two; Podman's, started on demand, in half a second. */
const PING_TIMEOUT_MS = 1_500

/**
 * The container engine of this machine, or the one that DOCKER_HOST names; `undefined` if none answers. A machine
 * without one is told by the sockets that are not there, in less than a millisecond.
 */
export async function findEngine(env: NodeJS.ProcessEnv): Promise<ContainerEngine | undefined> {
  for (const dockerHost of candidates(env)) {
    const address = addressOf(dockerHost, env)
    const product = address && (await ping(address).catch(() => undefined))
    if (address !== undefined && product !== undefined) {
      return { address, dockerHost, local: isLocal(address), product }
    }
  }
  return undefined
}

function candidates(env: NodeJS.ProcessEnv): readonly string[] {
  if (env.DOCKER_HOST) return [env.DOCKER_HOST]
  if (process.platform === 'win32') return ['npipe:////./pipe/docker_engine']
  const home = homedir()
  const runtime = env.XDG_RUNTIME_DIR
  const sockets = [
    '/var/run/docker.sock',
    ...(runtime ? [join(runtime, 'docker.sock'), join(runtime, 'podman', 'podman.sock')] : []),
    join(home, '.docker', 'run', 'docker.sock'),
    join(home, '.docker', 'desktop', 'docker.sock'),
    join(home, '.colima', 'default', 'docker.sock'),
    '/run/podman/podman.sock',
  ]
  return sockets.filter((socket) => existsSync(socket)).map((socket) => `unix://${socket}`)
}

/** `undefined` for what cannot be read, and for ssh://, which testcontainers does not speak. */
function addressOf(dockerHost: string, env: NodeJS.ProcessEnv): EngineAddress | undefined {
  if (dockerHost.startsWith('unix://')) return { socketPath: dockerHost.slice('unix://'.length) }
  if (dockerHost.startsWith('npipe://')) return { socketPath: dockerHost.slice('npipe://'.length) }
  const url =
    /^(tcp|https?):\/\//.test(dockerHost) && URL.canParse(dockerHost) ? new URL(dockerHost) : undefined
  if (url === undefined) return undefined
  const secure = Boolean(env.DOCKER_TLS_VERIFY) || url.protocol === 'https:'
  const port = Number(url.port || (secure ? 2376 : 2375))
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port, ...(secure && { secure, ...certificates(env) }) }
}

function certificates(env: NodeJS.ProcessEnv): Pick<EngineAddress, 'ca' | 'cert' | 'key'> {
  const folder = env.DOCKER_CERT_PATH ?? join(homedir(), '.docker')
  const read = (name: string) => {
    const file = join(folder, name)
    return existsSync(file) ? readFileSync(file, 'utf8') : undefined
  }
  const [ca, cert, key] = [read('ca.pem'), read('cert.pem'), read('key.pem')]
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) }
}

function isLocal({ socketPath, host }: EngineAddress): boolean {
  return socketPath !== undefined || host === 'localhost' || host === '127.0.0.1' || host === '::1'
}

async function ping(address: EngineAddress): Promise<ContainerEngine['product'] | undefined> {
  const { status, headers } = await callEngine(address, 'GET', '/_ping', { timeout: PING_TIMEOUT_MS })
  if (status !== 200) return undefined
  return headers['libpod-api-version'] === undefined ? 'Docker' : 'Podman'
}

export interface EngineReply {
  readonly status: number
  readonly headers: NodeJS.Dict<string | string[]>
  readonly body: string
}

export interface EngineCall {
  /** Milliseconds of silence after which the call is given up. */
  readonly timeout: number
  /** Hears each piece of the reply as it comes. */
  onData?(chunk: string): void
}

/** One call of the engine's HTTP interface, which Docker and Podman share. */
export function callEngine(
  { secure, ...address }: EngineAddress,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  { timeout, onData }: EngineCall,
): Promise<EngineReply> {
  return new Promise((resolve, reject) => {
    const send = secure ? secureRequest : request
    const sent = send({ ...address, method, path, timeout }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        body += chunk
        onData?.(chunk)
      })
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
    })
    sent.on('timeout', () => sent.destroy(new Error(`no answer for ${timeout / 1000} seconds`)))
    sent.on('error', reject)
    sent.end()
  })
}
