import path from 'node:path'
import { projectRoot } from '../common/own-folder.ts'
import type { Context } from './context.ts'
import type { ExitCode } from './exit.ts'

/** Flags of one command as commander reads them: `--file PATH` is a string, `--json` is true. */
export type Flags = Readonly<Record<string, string | boolean | undefined>>

/** What a command does; it prints through the context and returns how that ended. */
export type Run = (context: Context, args: readonly string[], flags: Flags) => Promise<ExitCode>

/** A command as `--help` shows it. Its code is loaded only when it's called. */
export interface CommandEntry {
  /** With its arguments, as commander reads them: `check [lesson]`. */
  readonly usage: string
  readonly summary: string
  readonly flags: readonly (readonly [flags: string, description: string])[]
  /** Without the leading `npx eventlings`. */
  readonly examples: readonly (readonly [command: string, meaning: string])[]
  readonly group: 'Learn' | 'Look' | 'Class' | 'Teach and write'
  readonly load: () => Promise<{ readonly run: Run }>
  /** `progress export`: commands of a command. */
  readonly inner?: readonly CommandEntry[]
}

/** How a learner calls the program in the project's folder. */
export const self = 'npx eventlings'

/** The program's file, for starting it as another process. */
export const programFile = path.join(projectRoot(), 'src', 'cli', 'eventlings.mjs')
