import type { Redis } from 'ioredis'
import { saysBusy } from '../silence/condition.ts'

/**
 * Kills whatever script or function Redis runs, and resolves to true when Redis answers again. Resolves to false if that
 * takes longer than `timeout` (ms), or if the script has written and so can't be killed.
 */
export async function killScripts(client: Redis, timeout: number): Promise<boolean> {
  const errorOf = (reply: Promise<unknown>): Promise<unknown> =>
    reply.then(
      () => undefined,
      (error) => error,
    )
  // Repeated until Redis answers: another script may have been queued after the first.
  const end = async () => {
    do {
      const kills = [errorOf(client.call('SCRIPT', 'KILL')), errorOf(client.call('FUNCTION', 'KILL'))]
      if ((await Promise.all(kills)).some((error) => String(error).includes('UNKILLABLE'))) return false
    } while (saysBusy(await errorOf(client.ping())))
    return true
  }
  const giveUp = new Promise<boolean>((resolve) => setTimeout(resolve, timeout, false).unref())
  return await Promise.race([end(), giveUp])
}
