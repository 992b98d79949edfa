import type { Redis } from 'ioredis'

/** So often; then it is left alone, so that a loop without an end comes to one. */
const MOST_TIMES = 20

/**
 * A client of which somebody else is always a little faster: before it, or a duplicate of it, sends a command that carries
 * `mark`, `write` is done. So every attempt meets a conflict. `times` tells how many did.
 */
export function overtaken(client: Redis, mark: string, write: () => Promise<unknown>) {
  let times = 0
  const slow = (one: Redis): Redis => {
    const send = one.sendCommand.bind(one)
    const duplicate = one.duplicate.bind(one)
    let before: Promise<unknown> = Promise.resolve()
    one.sendCommand = (command) => {
      before = before.then(async () => {
        if (times < MOST_TIMES && command.args.some((arg) => String(arg).includes(mark))) {
          times += 1
          await write()
        }
        void send(command) // each on its own: a pipeline would go as a whole, and nothing could come between its commands
      })
      return command.promise
    }
    one.duplicate = (...options) => slow(duplicate(...options))
    return one
  }
  return { redis: slow(client), times: () => times }
}
