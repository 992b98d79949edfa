import type { Redis } from 'ioredis'
import type { RedisKind } from './types.ts'

/**
 * The key by which a borrowed database (`url`) is known as our sandbox the next time. Only there it exists, so only
 * there `KEYS *` and `DBSIZE` show one key more than the lesson wrote; the other sources are empty when a test begins.
 */
export const SANDBOX_MARKER = 'eventlings:sandbox'
const MARKER_VALUE = 'eventlings'

/** Marks the database that the client is on as ours. Only for one that is empty. */
export async function markSandbox(client: Redis): Promise<void> {
  await client.set(SANDBOX_MARKER, MARKER_VALUE)
}

/**
 * Empties the sandbox before a test: the database always; scripts and functions only where the whole server is ours.
 * A borrowed database gets its marker back in the same transaction, so that a crash in between cannot lose it.
 * Never FLUSHALL.
 */
export async function cleanSandbox(client: Redis, kind: RedisKind): Promise<void> {
  if (kind === 'url') {
    await client.multi().flushdb().set(SANDBOX_MARKER, MARKER_VALUE).exec()
    return
  }
  const replies = await client.pipeline().flushdb().script('FLUSH').call('FUNCTION', 'FLUSH').exec()
  const [emptied, scripts] = replies ?? []
  const problem = emptied?.[0] ?? scripts?.[0] // functions came with 7.0: older servers refuse the third command
  if (problem) throw problem
}
