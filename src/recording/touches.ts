import { getKeyIndexes, hasFlag } from '@ioredis/commands'
import type { CommandStep } from './types.ts'

/** A key that a command names, and whether it may change it. */
export interface Touch {
  readonly key: string
  readonly how: 'read' | 'write' | 'watch'
}

/** Commands with subcommands: the key comes after the subcommand. */
const WITH_SUBCOMMAND: Readonly<Record<string, Touch['how']>> = {
  XGROUP: 'write',
  XINFO: 'read',
  OBJECT: 'read',
  MEMORY: 'read',
}

/** The keys that a command names. Channels aren't keys, and a script may use keys that it doesn't name. */
export function touches({ args }: Pick<CommandStep, 'args'>): readonly Touch[] {
  const [name = '', ...rest] = args.map(({ s }) => s)
  const command = name.toUpperCase()
  const how = WITH_SUBCOMMAND[command]
  if (how !== undefined) return rest[1] === undefined ? [] : [{ key: rest[1], how }]
  if (/PUBLISH$|SUBSCRIBE$/.test(command)) return []
  return keysIn(command, rest).map((key) => ({ key, how: effectOf(command) }))
}

function keysIn(command: string, args: readonly string[]): readonly string[] {
  try {
    const at = getKeyIndexes(command, [...args], { nameCaseInsensitive: true })
    return [...new Set(at.flatMap((index) => (typeof index === 'number' ? (args[index] ?? []) : [])))]
  } catch {
    return [] // a command that only its server knows
  }
}

function effectOf(command: string): Touch['how'] {
  if (command === 'WATCH') return 'watch'
  const name = command.toLowerCase()
  return hasFlag(name, 'readonly') || name.endsWith('_ro') ? 'read' : 'write'
}
