import type { Text } from '../../../recording/index.ts'
import { HIDDEN, textOf } from './recorded-text.ts'

/** The arguments of a command for a recording, which people send to each other: without its passwords. */
export function shownArguments(name: string, args: readonly string[]): readonly Text[] {
  const isSecret = secretsOf(name.toUpperCase(), args)
  return args.map((arg, index) => (isSecret(index) ? HIDDEN : textOf(arg)))
}

function secretsOf(name: string, args: readonly string[]): (index: number) => boolean {
  const words = args.map((arg) => arg.toUpperCase())
  switch (name) {
    case 'AUTH':
      return () => true
    case 'HELLO':
    case 'MIGRATE': {
      // AUTH and AUTH2 are followed by a password, or by a name and a password.
      const at = words.findIndex((word) => word === 'AUTH' || word === 'AUTH2')
      const count = words[at] === 'AUTH' && name === 'MIGRATE' ? 1 : 2
      return (index) => at !== -1 && index > at && index <= at + count
    }
    case 'CONFIG':
      return (index) => words[0] === 'SET' && index > 1 && /PASS|AUTH|USER/.test(words[index - 1] ?? '')
    case 'ACL':
      return (index) => words[0] === 'SETUSER' && index > 1 && /^[<>#!]/.test(args[index] ?? '')
    default:
      return () => false
  }
}
