import type { TestProject } from 'vitest/node'
import { startRedis } from '../../redis/index.ts'
import { needs } from '../../redis/types.ts'
import { type SandboxEnvironment, toVariable } from '../kit/environment.ts'

/**
 * Vitest's global setup for the lessons' suites: plain `npx vitest` needs nothing else. Each worker has its own
 * Redis, see `environment.ts`. Returns the teardown.
 */
export default async function setup({ config }: TestProject): Promise<() => Promise<void>> {
  const workers = Number(config.maxWorkers)
  const servers = await Promise.all(Array.from({ length: workers }, () => startRedis()))
  const environments = servers.map(
    (redis): SandboxEnvironment => ({
      url: redis.url,
      kind: redis.kind,
      lease: redis.lease,
      has: needs.filter((need) => redis.has(need)),
      // A plain run checks our own solutions; the check looks at what a lesson lets an answer send.
      allow: ['CONFIG SET'],
    }),
  )
  Object.assign(process.env, toVariable(environments))
  return async () => {
    await Promise.all(servers.map((redis) => redis.stop()))
  }
}
