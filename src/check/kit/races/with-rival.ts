import type { Redis } from 'ioredis'

/**
 * A client that another writer beats: before it, or a duplicate of it, sends a command that contains `mark`, `write`
 * runs. So every attempt meets a conflict, until there have been `most`: an endless loop has to end. `times` counts them.
 */
export function withRival(client: Redis, mark: string, write: () => Promise<unknown>, most = 20) {
  let times = 0
  const passed = new WeakSet<object>()
  const slow = (one: Redis): Redis => {
    const send = one.sendCommand.bind(one)
    const duplicate = one.duplicate.bind(one)
    let before: Promise<unknown> = Promise.resolve()
    one.sendCommand = (command) => {
      // What ioredis sends of its own accord, it has to send before the connection is ready.
      if (one.status === 'connect' && /^(auth|select)$/i.test(command.name)) return send(command)
      // It waited for the connection, and so did what was sent after it: another wait here would change their order.
      if (passed.has(command)) return send(command)
      passed.add(command)
      before = before.then(async () => {
        if (times < most && command.args.some((arg) => String(arg).includes(mark))) {
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
