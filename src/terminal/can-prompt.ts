import { Exit } from '../common/exit.ts'

/** Where a question would be asked. */
export interface Terminal {
  readonly env: NodeJS.ProcessEnv
  readonly input: { readonly isTTY?: boolean | undefined }
  readonly output: { readonly isTTY?: boolean | undefined }
}

/** Why questions can't be asked here, as a sentence; undefined if they can. */
export function whyNoPrompt({ env, input, output }: Terminal): string | undefined {
  if (input.isTTY !== true || output.isTTY !== true) {
    return "This isn't a terminal, so the program can't ask questions."
  }
  // Every question redraws itself.
  return env.TERM === 'dumb'
    ? "This terminal can't move its cursor (TERM=dumb), so it can't show questions."
    : undefined
}

export interface PromptRequest {
  /** What the program would have to ask, as a sentence: "Resetting replaces your file." */
  readonly reason: string
  /** Flags and commands that need no terminal, for example `npx eventlings reset 02 --yes`. */
  readonly hints: readonly string[]
}

/** A question has to be asked, and it can't be asked here. */
export class NoTerminalError extends Error {
  override readonly name = 'NoTerminalError'
  readonly exitCode = Exit.wrongUse
  readonly reason: string
  readonly hints: readonly string[]

  constructor(reason: string, why: string, hints: readonly string[]) {
    const instead =
      hints.length === 0 ? '' : ` Use this instead:\n${hints.map((hint) => `  ${hint}`).join('\n')}`
    super(`${reason} ${why}${instead}`)
    this.reason = reason
    this.hints = hints
  }
}

/** Throws NoTerminalError unless a question can be asked here. */
export function assertCanPrompt(terminal: Terminal, { reason, hints }: PromptRequest): void {
  const why = whyNoPrompt(terminal)
  if (why !== undefined) throw new NoTerminalError(reason, why, hints)
}
