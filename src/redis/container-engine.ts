import { existsSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import { request as secureRequest } from 'node:https'
import { join } from 'node:path'
import { type EnginePlace, enginePlaces } from './engine-places.ts'
import type { EngineAddress } from './guardian.ts'

/** A container engine (Docker, Podman) that answered. */
export interface ContainerEngine {
  readonly address: EngineAddress
  readonly place: EnginePlace
  readonly product: 'Docker' | 'Podman'
}

/** A socket with a listener answers in a millisecond or two; Podman's, started on demand, in half a second. */
const PING_TIMEOUT_MS = 1_500

/**
 * The first container engine that answers, of the places where engines listen; `undefined` if none does. On a machine
 * without one, the sockets don't exist, which shows in less than a millisecond.
 */
export async function findEngine(env: NodeJS.ProcessEnv): Promise<ContainerEngine | undefined> {
  for (const place of enginePlaces(env)) {
    const address = addressOf(place)
    const product = address && (await ping(address).catch(() => undefined))
    if (address !== undefined && product !== undefined) {
      return { address, place, product }
    }
  }
  return undefined
}

/** `undefined` for an unreadable address, and for ssh://, which testcontainers doesn't support. */
function addressOf({ dockerHost, certificates }: EnginePlace): EngineAddress | undefined {
  const socket = /^(?:unix|npipe):\/\/(.*)$/.exec(dockerHost)
  if (socket?.[1] !== undefined) return { socketPath: socket[1] }
  const url =
    /^(tcp|https?):\/\//.test(dockerHost) && URL.canParse(dockerHost) ? new URL(dockerHost) : undefined
  if (url === undefined) return undefined
  const secure = certificates !== undefined || url.protocol === 'https:'
  const port = Number(url.port || (secure ? 2376 : 2375))
  const host = url.hostname.replace(/^\[|\]$/g, '')
  return { host, port, ...(secure && { secure, ...keysIn(certificates) }) }
}

function keysIn(folder: string | undefined): Pick<EngineAddress, 'ca' | 'cert' | 'key'> {
  if (folder === undefined) return {}
  const read = (name: string) => {
    const file = join(folder, name)
    return existsSync(file) ? readFileSync(file, 'utf8') : undefined
  }
  const [ca, cert, key] = [read('ca.pem'), read('cert.pem'), read('key.pem')]
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) }
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
  /** Receives each piece of the reply as it comes. */
  onData?(chunk: string): void
}

/** One call to the engine's HTTP interface, which Docker and Podman share. */
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
