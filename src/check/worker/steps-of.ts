import { basename, relative, sep } from 'node:path'
import type { CommandStep, Lane, Step, Text } from '../../recording/index.ts'
import type { SentCommand } from '../kit/context.ts'
import type { Caller } from '../kit/races/callers.ts'
import { withoutReply } from '../kit/races/turn.ts'
import type { ForeignCommand } from '../kit/recorder/foreign.ts'
import { textOf } from '../kit/recorder/recorded-text.ts'
import { shownArguments } from '../kit/recorder/secrets.ts'
import type { Logged, LoggedCommand } from '../kit/recorder/step-log.ts'
import { showCommand, showReply } from '../kit/show.ts'
import { sinceTestBegan } from '../kit/test-clock.ts'
import { type Grouped, groupsOf } from './groups-of.ts'
import { lanesOf } from './lanes-of.ts'
import { stepsLeftOut } from './recording-limits.ts'
import { placeIn } from './source-location.ts'

/** Maximum length of a reply in a recording. */
const MOST_REPLY = 1_000
/** Maximum number of the test's own commands in one step. */
const MOST_SENT = 10

/** What was logged, as the steps and lanes of a recording. */
export function stepsOf(log: readonly Logged[]): {
  readonly steps: readonly Step[]
  readonly lanes: readonly Lane[]
} {
  const { lanes, laneOf } = lanesOf(log)
  const numbers = new Map(log.map((one, index) => [one, index + 1]))
  const groups = groupsOf(log)
  const around: Around = {
    log,
    laneOf,
    groups,
    numbersOf: (some) => some.flatMap((one) => numbers.get(one) ?? []),
    tries: new Map(),
  }
  return { steps: log.map((one, index) => stepOf(one, index + 1, around)), lanes }
}

interface Around {
  readonly log: readonly Logged[]
  readonly groups: ReadonlyMap<LoggedCommand, Grouped>
  laneOf(caller: Caller): number
  numbersOf(some: readonly Logged[]): readonly number[]
  /** The last step in which each command was sent, by when it was issued. */
  readonly tries: Map<number, number>
}

function stepOf(one: Logged, n: number, around: Around): Step {
  switch (one.kind) {
    case 'command':
      return commandStep(one, n, around)
    case 'message': {
      const { kind, channel, caller, at } = one
      const [from] = around.numbersOf(one.from === undefined ? [] : [one.from])
      const text = textOf(one.text)
      const lane = around.laneOf(caller)
      return { kind, n, at: ms(at), lane, channel, text, ...(from !== undefined && { from }), changes: [] }
    }
    case 'server':
      return { kind: 'server', n, at: ms(one.at), cause: one.cause, changes: one.changes }
    case 'check': {
      const { kind, changes } = one
      const woke = around.numbersOf(one.woke)
      const sent = one.sent
        .slice(0, MOST_SENT)
        .map(({ name, args }) => [{ s: name }, ...shownArguments(name, args)])
      const what = one.leftOut === undefined ? whatWasSent(one.sent) : stepsLeftOut(one.leftOut)
      return { kind, n, at: ms(one.at), what, sent, ...(woke.length > 0 && { woke }), changes }
    }
  }
}

function whatWasSent(commands: readonly ForeignCommand[]): string {
  const [only] = commands
  return only !== undefined && commands.length === 1
    ? `the test sends ${showCommand(
        only.name,
        shownArguments(only.name, only.args).map(({ s }) => s),
      )}`
    : `the test sends ${commands.length} commands`
}

function commandStep(one: LoggedCommand, n: number, { log, groups, laneOf, numbersOf, tries }: Around): Step {
  const { command, changes } = one
  const repeats = tries.get(command.issued)
  tries.set(command.issued, n)
  const place = placeIn(command.origin.stack)
  const group = groups.get(one)
  const held = heldOf(one, log)
  const reply = replyOf(one, group?.reply)
  const woke = numbersOf(one.woke)
  return {
    kind: 'command',
    n,
    at: ms(one.sentAt ?? command.issuedAt),
    lane: laneOf(command.caller),
    connection: command.client,
    ...(one.node !== undefined && { node: one.node }),
    args: [{ s: command.name }, ...shownArguments(command.name, command.args)],
    ...(place && { place: { line: place.line, file: sharedPath(place.file) } }),
    issued: ms(command.issuedAt),
    ...(one.answeredAt !== undefined && { answered: ms(one.answeredAt) }),
    ...(held && { held }),
    ...(one.about && { about: one.about }),
    fate: one.fate,
    ...(reply && { reply }),
    ...(woke.length > 0 && { woke }),
    ...(group && { group: group.group }),
    ...(repeats !== undefined && { repeats }),
    changes,
  }
}

/** People send recordings to each other, so a path outside the course is its last name only. */
function sharedPath(file: string): string {
  const inside = relative(process.cwd(), file)
  return inside.startsWith('..') ? basename(file) : inside.split(sep).join('/')
}

function ms(at: number): number {
  return Math.round(sinceTestBegan(at) * 100) / 100
}

function replyOf({ fate, reply, error, answered }: LoggedCommand, ofPart: unknown): Text | undefined {
  if (fate === 'refused' || answered === undefined || (fate !== 'answered' && fate !== 'parked'))
    return undefined
  return { s: showReply(error ?? ofPart ?? reply, MOST_REPLY) }
}

/** The steps that had been answered when the check began to hold it, and when it was sent. */
function heldOf({ command, sent }: LoggedCommand, log: readonly Logged[]): CommandStep['held'] | undefined {
  const { heldSince } = command
  if (heldSince === undefined) return undefined
  return {
    from: answeredBefore(heldSince, log),
    until: answeredBefore(sent ?? Number.POSITIVE_INFINITY, log),
  }
}

function answeredBefore(moment: number, log: readonly Logged[]): number {
  return log.findLastIndex(({ answered }) => answered !== undefined && answered < moment) + 1
}

/** How sending a command ended, as the check without a gate knows it. */
export function fateOf(command: SentCommand): LoggedCommand['fate'] {
  const { refused, gone, sent, answered, pending, error } = command
  if (refused === true) return 'refused'
  if (gone === 'died' || sent === undefined)
    return answered === undefined || error !== undefined ? 'unsent' : 'answered'
  if (!pending) return error === undefined || error.name === 'ReplyError' ? 'answered' : withoutReply(command)
  if (answered !== undefined) return withoutReply(command)
  return gone === 'cut' ? 'cut' : 'open'
}
