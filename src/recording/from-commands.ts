import type { CommandStep, Lane, Recording, Text } from './types.ts'

/** One command as a verdict shows it: a line of redis-cli, and its reply on one line. */
export interface ShownCommand {
  readonly client: number
  readonly command: string
  readonly reply: string
  readonly held: boolean
  readonly at: number
  readonly about?: true
}

/** What a verdict left out: `count` commands, after the first `after`. */
interface LeftOut {
  readonly after: number
  readonly count: number
}

/** A verdict's commands as a recording of their order, with one lane per connection. */
export function fromCommands(
  commands: readonly ShownCommand[],
  leftOut: LeftOut = { after: 0, count: 0 },
): Pick<Recording, 'depth' | 'lanes' | 'steps'> {
  const clients = [...new Set(commands.map(({ client }) => client))].sort((a, b) => a - b)
  const lanes = clients.map(
    (id): Lane => ({ id, role: `client ${id}`, connections: [id], end: endOf(id, commands) }),
  )
  return { depth: 'order', lanes, steps: commands.map(stepOf) }

  function stepOf(shown: ShownCommand, index: number): CommandStep {
    const before = commands.slice(0, index).findLastIndex(({ client }) => client === shown.client)
    return commandStep(shown, numberOf(index), before === -1 ? 0 : numberOf(before))
  }

  function numberOf(index: number): number {
    return index + 1 + (index < leftOut.after ? 0 : leftOut.count)
  }
}

function endOf(client: number, commands: readonly ShownCommand[]): Lane['end'] {
  const hasDied = commands.some((one) => one.client === client && fateOf(one.reply) === 'unsent')
  return hasDied ? 'died' : 'open'
}

/** The `n`th command. Its connection had sent the one numbered `before` last, so the check held it since then. */
function commandStep(
  { client, command, reply, held, at, about }: ShownCommand,
  n: number,
  before: number,
): CommandStep {
  const fate = fateOf(reply)
  return {
    n,
    at,
    changes: [],
    kind: 'command',
    lane: client,
    connection: client,
    args: wordsOf(command),
    issued: at,
    ...(held && { held: { from: before, until: n - 1 } }),
    ...(about && { about }),
    fate,
    ...(fate === 'answered' && { reply: { s: reply } }),
  }
}

function fateOf(reply: string): CommandStep['fate'] {
  if (reply.startsWith('never sent')) return 'unsent'
  if (reply.startsWith('no reply: the connection broke')) return 'lost'
  return /^(no reply yet|not sent yet)/.test(reply) ? 'open' : 'answered'
}

/** Splits a command as redis-cli reads it: bare words, words in single quotes as they are, JSON in double quotes. */
function wordsOf(command: string): readonly Text[] {
  return Array.from(command.matchAll(/'([^']*)'|"(?:[^"\\]|\\.)*"|\S+/g), ([word, raw]) =>
    textOf(raw ?? unquoted(word)),
  )
}

function unquoted(word: string): string {
  if (!word.startsWith('"')) return word
  try {
    return String(JSON.parse(word))
  } catch {
    return word
  }
}

/** A verdict cuts long arguments and says how long they were. */
function textOf(word: string): Text {
  const [, s, length] = /^(.*)… \((\d+) characters\)$/s.exec(word) ?? []
  return s === undefined ? { s: word } : { s, bytes: Number(length) }
}
