import { blockingOf } from '../silence/blocking.ts'

/**
 * What is known about when a command ran. All moments come from one counter, so a smaller one was earlier, for
 * certain.
 */
export interface Timed {
  /** One connection: its commands are executed and answered first in, first out. */
  readonly client: number
  readonly name: string
  readonly args: readonly string[]
  readonly reply?: unknown
  readonly issued: number
  /** Undefined if it never left the process. */
  readonly sent?: number | undefined
  readonly answered?: number | undefined
  /** Replies that were read in one turn of the event loop have the same number. */
  readonly turn?: number | undefined
}

export interface Placed<T> {
  readonly command: T
  /** It overlapped a command of another connection, so which of the two Redis executed first isn't known. */
  readonly about: boolean
}

/** Redis executed the command somewhere in this span. */
interface Span<T> {
  readonly command: T
  readonly from: number
  readonly until: number
  /** Where to list it. */
  readonly place: number
}

type Answered = Timed & { readonly answered: number }

/**
 * The commands in the order in which Redis executed them. On one connection that's the order in which they were sent.
 * Across connections it's known where one was answered before the other was sent; where they overlapped, replies
 * decide, and both are marked. Commands queued between MULTI and EXEC ran with their EXEC. A read that blocked ran
 * when its reply came.
 */
export function inOrder<T extends Timed>(commands: readonly T[]): readonly Placed<T>[] {
  const spans = withTransactions([...answeredSpans(commands), ...openSpans(commands)])
  const uncertain = overlapping(spans)
  const known = spans.map(({ command, place }) => ({ command, place, about: uncertain.has(command) }))
  const unsent = commands
    .filter((command) => command.sent === undefined && command.answered === undefined)
    .map((command) => ({ command, place: afterAllSentBefore(command, spans), about: false }))
  return [...known, ...unsent]
    .sort((a, b) => a.place - b.place || moment(a.command) - moment(b.command))
    .map(({ command, about }) => ({ command, about }))
}

/** After everything else; commands without a place stay in the order in which they were sent. */
const END = Number.MAX_SAFE_INTEGER

/** What was refused before it was sent has its place where it was issued. */
const moment = ({ sent, issued }: Timed) => sent ?? issued

function answeredSpans<T extends Timed>(commands: readonly T[]): readonly Span<T>[] {
  const answered = commands.filter(isAnswered).sort((a, b) => a.answered - b.answered)
  const lastOfClient = new Map<number, number>()
  return answered.map((command) => {
    const blocking = mayBlock(command)
    const own = blocking && command.reply ? afterWriters(command, answered) : command.answered
    const place = Math.max(own, lastOfClient.get(command.client) ?? 0)
    lastOfClient.set(command.client, place)
    const from = blocking ? servedAfter(command, answered) : moment(command)
    return { command, from, until: command.answered, place }
  })
}

/** Sent and never answered: executed at any time since or, if it waits for something to arrive, not yet. */
function openSpans<T extends Timed>(commands: readonly T[]): readonly Span<T>[] {
  return commands
    .filter(({ sent, answered }) => sent !== undefined && answered === undefined)
    .map((command) => ({
      command,
      from: mayBlock(command) ? END : moment(command),
      until: END,
      place: END,
    }))
}

/** Commands sent after this one and answered in an earlier turn prove that this one was waiting until then. */
function servedAfter(blocked: Answered, answered: readonly Answered[]): number {
  const before = answered.filter(
    (other) =>
      other.client !== blocked.client &&
      moment(other) > moment(blocked) &&
      (other.turn ?? 0) < (blocked.turn ?? 0),
  )
  return latest([moment(blocked), ...before.map((other) => other.answered)])
}

/**
 * What a blocked read delivers was written by another command. A command in flight when the reply came is that
 * writer, or may be, and goes first; but not one that was still in flight after other commands had been sent and
 * answered.
 */
function afterWriters(blocked: Answered, answered: readonly Answered[]): number {
  const later = answered.find((other) => moment(other) > blocked.answered)
  const writers = answered.filter(
    (other) =>
      other.client !== blocked.client &&
      moment(other) < blocked.answered &&
      other.answered < (later?.answered ?? END) &&
      !mayBlock(other),
  )
  return latest([blocked.answered, ...writers.map((other) => other.answered + 0.5)])
}

/** Redis queues commands between MULTI and EXEC, and executes all of them at EXEC. */
function withTransactions<T extends Timed>(spans: readonly Span<T>[]): readonly Span<T>[] {
  const queues = new Map<number, Span<T>[]>()
  const atExec = new Map<Span<T>, Span<T>>()
  for (const span of [...spans].sort((a, b) => a.place - b.place || moment(a.command) - moment(b.command))) {
    const { client, name, reply } = span.command
    const queue = queues.get(client)
    if (name === 'MULTI') queues.set(client, [])
    else if (queue !== undefined && reply === 'QUEUED') queue.push(span)
    else if (queue !== undefined && (name === 'EXEC' || name === 'DISCARD')) {
      if (name === 'EXEC') for (const part of queue) atExec.set(part, span)
      queues.delete(client)
    }
  }
  return spans.map((span) => ({ ...span, ...spanOf(atExec.get(span)) }))
}

function spanOf<T>(exec: Span<T> | undefined) {
  return exec && { from: exec.from, until: exec.until, place: exec.place }
}

/** A process that died had sent all of these before it got to the command that was never sent. */
function afterAllSentBefore<T extends Timed>(unsent: T, spans: readonly Span<T>[]): number {
  const before = spans.filter(({ command }) => moment(command) < unsent.issued)
  return latest([unsent.issued, ...before.map(({ place }) => place)])
}

/** Not `Math.max(...)`: an endless loop sends more commands than a call can have arguments. */
const latest = (moments: readonly number[]) => moments.reduce((one, other) => Math.max(one, other))

/** The commands whose span overlaps one of another connection. */
function overlapping<T extends Timed>(spans: readonly Span<T>[]): ReadonlySet<T> {
  const found = new Set<T>()
  // Every command that starts while an earlier one of another connection is still open, and that earlier one.
  const open: Span<T>[] = []
  for (const span of [...spans].sort((a, b) => a.from - b.from)) {
    if (span.from === END) break
    for (let i = open.length - 1; i >= 0; i -= 1) {
      const other = open[i]
      if (other === undefined) continue
      if (other.until <= span.from) open.splice(i, 1)
      else if (other.command.client !== span.command.client) found.add(other.command).add(span.command)
    }
    open.push(span)
  }
  return found
}

const isAnswered = <T extends Timed>(command: T): command is T & Answered => command.answered !== undefined

/** Whether Redis may hold back its reply until something arrives. */
const mayBlock = ({ name, args }: Timed): boolean => blockingOf(name, args) !== undefined
