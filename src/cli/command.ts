import path from 'node:path'
import type { ExitCode } from '../common/exit.ts'
import { projectRoot } from '../common/own-folder.ts'
import type { Context } from './context.ts'
import { type Flags, type Given, type Values, valuesOf } from './flags.ts'

interface Declaration<F extends Flags> {
  readonly flags: F
  /** Without the leading `npx eventlings`. */
  readonly examples: readonly (readonly [command: string, meaning: string])[]
  /** What the command does; it prints through the context and returns how that ended. */
  readonly run: (context: Context, args: readonly string[], flags: Values<F>) => Promise<ExitCode>
}

/** A command whose flags haven't been read yet. */
export interface Command extends Pick<Declaration<Flags>, 'flags' | 'examples'> {
  /** Throws UsageError for the value of a flag. */
  readonly run: (context: Context, args: readonly string[], given: Given) => Promise<ExitCode>
}

/** The command of a file in commands/. The types of its flags follow from their declaration. */
export function defineCommand<F extends Flags>({ flags, examples, run }: Declaration<F>): Command {
  return {
    flags,
    examples,
    run: async (context, args, given) => run(context, args, valuesOf(flags, given)),
  }
}

/** A command as the program's `--help` lists it. Its file is loaded only when the command is named. */
export interface ListedCommand {
  /** With its arguments, as commander reads them: `check [lesson]`. */
  readonly usage: string
  readonly summary: string
  readonly load: Load
  /** `progress export`: commands of a command. */
  readonly inner?: readonly ListedCommand[]
}

export type Load = () => Promise<{ readonly command: Command }>

export function nameOf({ usage }: ListedCommand): string {
  return usage.split(' ')[0] ?? usage
}

export { self } from '../common/self.ts'

/** The program's file, for starting it as another process. */
export const programFile = path.join(projectRoot(), 'src', 'cli', 'eventlings.mjs')
