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

/** A verdict's commands as a recording of their order, with one lane per connection. */
export function fromCommands(
  commands: readonly ShownCommand[],
): Pick<Recording, 'depth' | 'lanes' | 'steps'> {
  const clients = [...new Set(commands.map(({ client }) => client))].sort((a, b) => a - b)
  const lanes = clients.map(
    (id): Lane => ({ id, role: `client ${id}`, connections: [id], end: endOf(id, commands) }),
  )
  return { depth: 'order', lanes, steps: commands.map((shown, index) => stepOf(shown, index + 1)) }
}

function endOf(client: number, commands: readonly ShownCommand[]): Lane['end'] {
  const hasDied = commands.some((one) => one.client === client && fateOf(one.reply) === 'unsent')
  return hasDied ? 'died' : 'open'
}

function stepOf({ client, command, reply, held, at, about }: ShownCommand, n: number): CommandStep {
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
    ...(held && { held: { from: at, until: n - 1 } }),
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
