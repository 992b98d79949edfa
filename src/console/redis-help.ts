import { nearestName } from '../course/nearest.ts'
import type { PlainConnection } from '../snippets/resp.ts'
import { KNOWN } from './known-commands.ts'
import { itemsOf, pairsOf, textOf } from './replies.ts'

/** All of the server's command names, in capitals; the course's own where the server doesn't list them. */
export async function commandNames(connection: PlainConnection): Promise<readonly string[]> {
  // COMMAND LIST came with 7.0; COMMAND alone returns the same, only longer.
  const listed = await connection.send(['COMMAND', 'LIST'])
  const reply = listed.kind === 'array' ? listed : await connection.send(['COMMAND'])
  const names = itemsOf(reply).map((item) =>
    textOf(item.kind === 'array' ? item.items[0] : item).toUpperCase(),
  )
  const whole = names.filter((name) => /^[A-Z_]+$/.test(name))
  return [...new Set([...whole, ...Object.keys(KNOWN)])].sort()
}

/** What a command does and its arguments, in a few lines; or that it doesn't exist. */
export async function explainCommand(
  connection: PlainConnection,
  words: readonly string[],
  names: readonly string[],
): Promise<string> {
  const name = (words[0] ?? '').toUpperCase()
  if (!names.includes(name)) return unknownCommand(words[0] ?? '', names)
  const docs = await docsOf(connection, name)
  const [syntax, ownSummary] = KNOWN[name] ?? []
  const arity = await arityOf(connection, name)
  const about = [docs.since && `since ${docs.since}`, docs.group, docs.complexity].filter(Boolean).join(' · ')
  return [
    `${name}${syntax === undefined ? '' : ` ${syntax}`}`.trimEnd(),
    docs.summary ?? ownSummary ?? 'The server has no description of it.',
    arity,
    about,
  ]
    .filter((line) => line !== undefined && line !== '')
    .join('\n')
}

export function unknownCommand(asked: string, names: readonly string[]): string {
  const guess = nearestName(asked.toUpperCase(), names)
  return `There's no command "${asked}".${guess === undefined ? '' : ` Did you mean ${guess}?`}`
}

interface Docs {
  readonly summary?: string
  readonly since?: string
  readonly group?: string
  readonly complexity?: string
}

async function docsOf(connection: PlainConnection, name: string): Promise<Docs> {
  const [, about] = itemsOf(await connection.send(['COMMAND', 'DOCS', name]))
  const fields = pairsOf(about)
  const value = (wanted: string) => fields.find(([field]) => field === wanted)?.[1]
  const [summary, since, group, complexity] = ['summary', 'since', 'group', 'complexity'].map(value)
  // An imitation describes XADD as "XADD command"; then the rest isn't true either.
  if (summary === undefined || summary.toUpperCase() === `${name} COMMAND`) return {}
  return { summary, ...(since && { since }), ...(group && { group }), ...(complexity && { complexity }) }
}

/** Includes the command's name; a negative number is a minimum. */
async function arityOf(connection: PlainConnection, name: string): Promise<string | undefined> {
  const [info] = itemsOf(await connection.send(['COMMAND', 'INFO', name]))
  const arity = Number(textOf(itemsOf(info)[1]))
  if (!Number.isInteger(arity) || arity === 0 || arity === -1) return undefined
  const count = Math.abs(arity) - 1
  const many = `${count === 0 ? 'no' : count} argument${count === 1 ? '' : 's'}`
  return arity > 0 ? `takes ${many}` : `takes ${many} or more`
}
