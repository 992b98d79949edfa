import type { CommandEntry } from '../command.ts'
import { classCommands } from './class.ts'
import { learnCommands } from './learn.ts'
import { lookCommands } from './look.ts'
import { teachCommands } from './teach.ts'

/** Every command, in the order of `--help`. */
export const catalogue: readonly CommandEntry[] = [
  ...learnCommands,
  ...lookCommands,
  ...classCommands,
  ...teachCommands,
]

/** What `eventlings` runs without a command. */
export const walkthrough = () => import('../commands/walkthrough.ts')
