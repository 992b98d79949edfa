import type { RunningRedis } from '../redis/index.ts'
import type { Context } from './context.ts'

/** Lends the requested Redis, without a checker on it, and stops it afterward, even after Ctrl-C. */
export async function withRedis<T>(context: Context, use: (redis: RunningRedis) => Promise<T>): Promise<T> {
  const { startRedis } = await import('../redis/index.ts')
  const starting = startRedis(await context.preference(), { env: context.env, onNotice: context.note })
  const stop = async () => (await starting.catch(() => undefined))?.stop()
  const done = context.cleanups.add(stop)
  try {
    const redis = await context.cleanups.unlessEnding(starting)
    return await context.cleanups.unlessEnding(use(redis))
  } finally {
    await stop()
    done()
  }
}
