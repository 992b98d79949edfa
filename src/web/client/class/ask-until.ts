import type { Problem } from '../../../classroom/api.ts'
import { ask } from '../ask.ts'

/** After a refusal, how long until the hub is asked again (ms): its Redis may be away for a moment. */
const AGAIN = 2_000

/**
 * Asks the hub until it has what was asked for; `hear` gets every reply, problems included. Returns the function that
 * ends it, after which nothing is heard.
 */
export function askUntil<Reply extends object>(
  address: string,
  hear: (reply: Reply | Problem) => void,
): () => void {
  let isWanted = true
  let timer: ReturnType<typeof setTimeout> | undefined
  const look = async () => {
    const reply = await ask<Reply>(address)
    if (!isWanted) return
    hear(reply)
    if (isProblem(reply)) timer = setTimeout(look, AGAIN)
  }
  void look()
  return () => {
    isWanted = false
    clearTimeout(timer)
  }
}

export function isProblem(reply: object): reply is Problem {
  return 'kind' in reply && reply.kind === 'problem'
}
