import type { Redis } from 'ioredis'

/** Maximum number of conflicts; after that the client is left alone, so that an endless loop can end. */
const MOST_TIMES = 20

/**
 * A client that another writer always beats: before it, or a duplicate of it, sends a command that contains `mark`,
 * `write` runs. So every attempt meets a conflict. `times` counts them.
 */
export function withRival(client: Redis, mark: string, write: () => Promise<unknown>) {
  let times = 0
  const met = new WeakSet<object>() // a command that waits for the connection passes through here twice
  const slow = (one: Redis): Redis => {
    const send = one.sendCommand.bind(one)
    const duplicate = one.duplicate.bind(one)
    let before: Promise<unknown> = Promise.resolve()
    one.sendCommand = (command) => {
      before = before.then(async () => {
        if (
          times < MOST_TIMES &&
          !met.has(command) &&
          command.args.some((arg) => String(arg).includes(mark))
        ) {
          met.add(command)
          times += 1
          await write()
        }
        void send(command) // one by one: a pipeline is sent as a whole, and nothing could get between its commands
      })
      return command.promise
    }
    one.duplicate = (...options) => slow(duplicate(...options))
    return one
  }
  return { redis: slow(client), times: () => times }
}
