import type { Redis } from 'ioredis'
import { currentRun, type Run, type SentCommand } from '../context.ts'
import { nextMoment } from '../recorder/moments.ts'
import { blockingOf } from '../silence/blocking.ts'

type Command = Parameters<typeof Redis.prototype.sendCommand>[0]

const listeners = new Set<() => void>()

/** Called by the recording when a reply has been read. */
export function heardReply(): void {
  for (const listener of listeners) listener()
}

/**
 * Sends a command, holds it back, or drops it, as the faults of its run demand. `go` sends it; with `alone`, outside
 * its pipeline, which would wait for the other parts and then write all of them at once.
 */
export function throughFaults(
  client: Redis,
  command: Command,
  record: SentCommand,
  go: (alone: boolean) => unknown,
): unknown {
  const run = currentRun()
  if (run === undefined) return go(false)
  const { faults } = run
  faults.clients.add(client)
  const alone = faults.stopsAt === 'command'
  if (run.held !== undefined) {
    hold(record)
    run.held.push(() => go(alone))
    return command.promise
  }
  const isFirstOfBurst = beginBurst(run)
  const verdict =
    alone || isFirstOfBurst ? faults.onCommand(record.name, ++run.count) : ({ kind: 'send' } as const)
  switch (verdict.kind) {
    case 'send':
      verdict.sent?.(command.promise)
      run.commands.push(record)
      return go(alone)
    case 'drop':
      record.gone = 'died'
      verdict.dropped?.((error) => command.reject(error))
      return command.promise
    case 'hold': {
      hold(record)
      const held: (() => void)[] = [() => go(alone)]
      run.held = held
      void verdict.until.then(() => {
        run.held = undefined
        for (const next of held) next()
      })
      void allAnswered(run.commands).then(() => verdict.reached())
      return command.promise
    }
  }
}

function hold(record: SentCommand): void {
  record.held = true
  record.heldSince = nextMoment()
}

/** True for the first command since the code last yielded to other code. */
function beginBurst(run: Run): boolean {
  if (run.inBurst) return false
  run.inBurst = true
  queueMicrotask(() => {
    run.inBurst = false
  })
  return true
}

/**
 * Resolves when Redis has answered these: commands that have only been written can still be overtaken on another
 * connection.
 */
async function allAnswered(commands: readonly SentCommand[]): Promise<void> {
  if (expected(commands).length === 0) return
  await new Promise<void>((resolve) => {
    const look = () => {
      if (expected(commands).length > 0) return
      listeners.delete(look)
      resolve()
    }
    listeners.add(look)
  })
}

/**
 * The commands whose reply comes without further help: not a read that blocks, nor commands sent after it on its
 * connection.
 */
function expected(commands: readonly SentCommand[]): readonly SentCommand[] {
  const blocked = new Set<number>()
  return commands.filter((command) => {
    if (!command.pending) return false
    if (blockingOf(command.name, command.args) !== undefined) blocked.add(command.client)
    return !blocked.has(command.client)
  })
}
