import { startRedis } from '../redis/index.ts'
import { NEEDS, type SandboxEnvironment, toVariable } from './kit/environment.ts'

/** Workers of the `lessons` project; each has a Redis of its own, see `environment.ts`. */
export const LESSON_WORKERS = 2

/** Vitest's global set-up for the lessons' suites: plain `npx vitest` needs nothing else. Returns the tear-down. */
export default async function setup(): Promise<() => Promise<void>> {
  const servers = await Promise.all(Array.from({ length: LESSON_WORKERS }, () => startRedis()))
  const environments = servers.map(
    (redis): SandboxEnvironment => ({
      url: redis.url,
      kind: redis.kind,
      lease: redis.lease,
      has: NEEDS.filter((need) => redis.has(need)),
      // A plain run checks our own solutions; what a lesson lets an answer send is looked at by the check.
      allow: ['CONFIG SET'],
    }),
  )
  Object.assign(process.env, toVariable(environments))
  return async () => {
    await Promise.all(servers.map((redis) => redis.stop()))
  }
}
