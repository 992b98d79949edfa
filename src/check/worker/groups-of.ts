import type { CommandStep } from '../../recording/index.ts'
import type { Logged, LoggedCommand } from '../kit/recorder/step-log.ts'

export interface Grouped {
  readonly group: NonNullable<CommandStep['group']>
  /** For a command between MULTI and EXEC: its part of what EXEC replied. */
  readonly reply?: unknown
}

/** Which commands were sent as one: from MULTI to EXEC on a connection, or in a pipeline. */
export function groupsOf(log: readonly Logged[]): ReadonlyMap<LoggedCommand, Grouped> {
  const found = new Map<LoggedCommand, Grouped>()
  const commands = log.filter((one) => one.kind === 'command')
  let id = 0
  for (const transaction of transactionsIn(commands)) {
    id += 1
    const replies = transaction.at(-1)?.reply
    transaction.forEach((one, part) => {
      const reply = Array.isArray(replies) && one.reply === 'QUEUED' ? replies[part - 1] : undefined
      found.set(one, { group: { kind: 'multi', id, part: part + 1 }, ...(reply !== undefined && { reply }) })
    })
  }
  const pipelines = new Map<object, LoggedCommand[]>()
  for (const one of commands) {
    const { pipeline } = one.command
    if (pipeline === undefined || found.has(one)) continue
    pipelines.set(pipeline, [...(pipelines.get(pipeline) ?? []), one])
  }
  for (const pipeline of pipelines.values()) {
    if (pipeline.length < 2) continue
    id += 1
    pipeline.forEach((one, part) => {
      found.set(one, { group: { kind: 'pipeline', id, part: part + 1 } })
    })
  }
  return found
}

function transactionsIn(commands: readonly LoggedCommand[]): readonly (readonly LoggedCommand[])[] {
  const open = new Map<number, LoggedCommand[]>()
  const all: LoggedCommand[][] = []
  for (const one of commands) {
    const { client, name } = one.command
    const current = open.get(client)
    if (name === 'MULTI') {
      const begun = [one]
      open.set(client, begun)
      all.push(begun)
    } else if (current !== undefined && (name === 'EXEC' || name === 'DISCARD')) {
      current.push(one)
      open.delete(client)
    } else if (current !== undefined && isQueued(one, current)) current.push(one)
  }
  return all
}

/** Without a reply it's known from the pipeline. */
function isQueued({ reply, command }: LoggedCommand, [multi]: readonly LoggedCommand[]): boolean {
  if (reply !== undefined) return reply === 'QUEUED'
  return command.pipeline !== undefined && command.pipeline === multi?.command.pipeline
}
