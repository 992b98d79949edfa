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
  const command = nameOf({ args })
  const rest = args.slice(1).map(({ s }) => s)
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

export function nameOf({ args }: Pick<CommandStep, 'args'>): string {
  return args[0]?.s.toUpperCase() ?? ''
}

function effectOf(command: string): Touch['how'] {
  if (command === 'WATCH') return 'watch'
  return isReadOnly(command) ? 'read' : 'write'
}

/** Whether a command changes no key, whatever its arguments are. */
export function isReadOnly(command: string): boolean {
  const name = command.toLowerCase()
  return (
    hasFlag(name, 'readonly') || name.endsWith('_ro') || WITH_SUBCOMMAND[command.toUpperCase()] === 'read'
  )
}
