import type { Redis } from 'ioredis'

/**
 * Runs `work` right after Redis has executed command number `n` of this client and its duplicates, and before the code
 * receives the reply, even from a pipeline. `work` gets the command's name.
 */
export function afterReply(redis: Redis, n: number, work: (command: string) => Promise<void>): Redis {
  let replies = 0
  const met = new WeakSet<object>() // a command that waits for the connection passes through here twice
  const slow = (one: Redis): Redis => {
    const send = one.sendCommand.bind(one)
    const duplicate = one.duplicate.bind(one)
    one.sendCommand = (command, ...rest) => {
      if (met.has(command)) return send(command, ...rest)
      met.add(command)
      const { name, resolve, reject } = command // ioredis gives a pipeline its replies through these, too
      command.resolve = (value) => {
        replies += 1
        if (replies !== n) return resolve(value)
        work(name.toUpperCase()).then(() => resolve(value), reject)
      }
      return send(command, ...rest)
    }
    one.duplicate = (...options) => slow(duplicate(...options))
    return one
  }
  return slow(redis)
}
