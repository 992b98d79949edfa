/** Maximum wait (ms) for Redis to answer again. */
const TIMEOUT_MS = 2_000

/** Ends the script that a stopped snippet has left in Redis, if any. Resolves to whether Redis answers. */
export async function endScripts(url: string): Promise<boolean> {
  const [{ Redis }, { killScripts }] = await Promise.all([
    import('ioredis'),
    import('../check/kit/endless/kill-scripts.ts'),
  ])
  const client = new Redis(url, {
    maxRetriesPerRequest: 1,
    enableReadyCheck: false,
    retryStrategy: () => null,
  })
  client.on('error', () => {
    // The commands report it.
  })
  try {
    return await killScripts(client, TIMEOUT_MS)
  } finally {
    client.disconnect()
  }
}
