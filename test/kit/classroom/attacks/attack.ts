import { randomUUID } from 'node:crypto'
import { request } from 'node:http'
import { onTestFinished } from 'vitest'
import type { StoredEvent } from '../../../../src/progress/index.ts'
import { startOwnServer } from '../../../../src/redis/index.ts'
import { failed } from '../class.ts'

/** The Redis that a class has. */
export async function realRedis(...args: readonly string[]): Promise<string> {
  const server = await startOwnServer({ args: ['--maxmemory-policy', 'noeviction', ...args] })
  onTestFinished(() => server.stop())
  return server.url
}

/** Failed checks with as much text as the hub accepts, no two the same. */
export function fatChecks(count: number, after = 0, slug = '01-events'): readonly StoredEvent[] {
  const logId = randomUUID()
  return Array.from({ length: count }, (_, index) => ({
    ...failed(after + index + 1, slug, 'createEvent', randomUUID() + 'x'.repeat(19_000)),
    logId,
  }))
}

export interface Answer {
  readonly status: number | undefined
  readonly text: string
}

/** A request from another of this machine's loopback addresses, with any body. */
export function from(
  address: string,
  origin: string,
  path: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(origin)
    const length = String(Buffer.byteLength(body))
    const all = { 'content-type': 'application/json', 'content-length': length, ...headers }
    const asked = request(
      { hostname, port, path, method: 'POST', headers: all, localAddress: address },
      (reply) => {
        let text = ''
        reply.on('data', (chunk) => {
          text += chunk
        })
        reply.once('end', () => resolve({ status: reply.statusCode, text })).once('error', reject)
      },
    )
    asked.once('error', reject).end(body)
  })
}
