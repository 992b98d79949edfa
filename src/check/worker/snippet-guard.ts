/**
 * A snippet that the learner has edited imports this first, in a process of its own: like an answer in a check, it
 * reaches the sandbox and nothing else, starts no other process, and is ended if it loops, uses up the memory, or
 * outlives its supervisor.
 */
import { Command, Redis } from 'ioredis'
import { readAddress } from '../../redis/address.ts'
import { refusedCommand } from '../kit/guards/command-policy.ts'
import { allowAddress, guardNetwork } from '../kit/guards/network.ts'
import { guardProcesses } from '../kit/guards/processes.ts'
import { onViolation } from '../kit/guards/violations.ts'
import { guardEndings } from './exit-guard.ts'
import { signer, writeReport } from './report.ts'
import { startWatchdog } from './watchdog.ts'

export interface SnippetSetup {
  readonly url: string
  /** Administrative commands that the lesson's answers may send. */
  readonly allow: readonly string[]
  /** The pid of the process that waits for the output. */
  readonly supervisor: number
}

/** For the wrapper around the snippet: `process.exit` is guarded. */
export const leave = process.exit.bind(process)

const { url, allow, supervisor } = JSON.parse(process.env.EVENTLINGS_SNIPPET ?? '{}') as SnippetSetup
const { host, port, database } = readAddress(url)
const sign = signer('') // it can fool no one but itself
const say = (diagnosis: string) => writeReport(sign({ kind: 'ending', failure: { diagnosis }, commands: [] }))

guardEndings().watch(({ diagnosis }) => say(diagnosis))
guardNetwork(
  (where) =>
    `Your code opened a connection of its own to ${where}. A snippet can only reach the sandbox. Use \`redis\`, or \`redis.duplicate()\` for another connection.`,
)
allowAddress(host, port)
onViolation(({ sentence }) => {
  say(sentence)
  leave(1)
})
startWatchdog(supervisor).arm('', [])
guardProcesses() // after the watchdog, which is a thread

/** Connections whose current transaction has a command that wasn't sent, with what was said about it. */
const spoiled = new WeakMap<Redis, Error>()

const send = Redis.prototype.sendCommand
Redis.prototype.sendCommand = function guardedSend(this: Redis, command, stream) {
  const name = command.name.toLowerCase()
  const args = command.args.map(String)
  // A new connection selects the sandbox's database on its own.
  const isOwn = name === 'select' && this.status === 'connect' && Number(args[0]) === database
  const refused = isOwn ? undefined : refusedCommand(name, args, allow)
  if (refused !== undefined) {
    const error = new Error(`${refused.command} isn't sent from a snippet, because ${refused.why}.`)
    spoiled.set(this, error)
    command.reject(error)
    if (stream !== undefined) writeNothing(stream)
    return command.promise
  }
  if (name === 'multi') spoiled.delete(this)
  const error = name === 'exec' ? spoiled.get(this) : undefined
  if (error === undefined) return send.call(this, command, stream)
  // Redis, too, discards a transaction in which it refused a command.
  command.reject(error)
  void send.call(this, new Command('discard'), stream)
  return command.promise
}

/** A pipeline is sent once each of its commands has been written, including the one that isn't sent. */
function writeNothing(stream: { write(text: string): unknown }): void {
  try {
    stream.write('')
  } catch {
    // No command of the pipeline is sent, and there's no connection yet.
  }
}
