export interface PromptRequest {
  /** What the program would have to ask, as a sentence: "Resetting replaces your file." */
  readonly reason: string
  /** Flags and commands that need no terminal, e.g. `npx eventlings reset 02 --yes`. */
  readonly hints: readonly string[]
  readonly input?: { readonly isTTY?: boolean | undefined }
  readonly output?: { readonly isTTY?: boolean | undefined }
}

/** Somebody must be asked, and there is nobody to ask. */
export class NoTerminalError extends Error {
  override readonly name = 'NoTerminalError'
  readonly reason: string
  readonly hints: readonly string[]

  constructor(reason: string, hints: readonly string[]) {
    const instead = hints.length === 0 ? '' : ` Use instead:\n${hints.map((hint) => `  ${hint}`).join('\n')}`
    super(`${reason} This is no terminal, so nobody can be asked.${instead}`)
    this.reason = reason
    this.hints = hints
  }
}

/** Stands in front of every question. Throws NoTerminalError unless both streams are a terminal. */
export function assertCanPrompt({
  reason,
  hints,
  input = process.stdin,
  output = process.stdout,
}: PromptRequest): void {
  if (input.isTTY !== true || output.isTTY !== true) throw new NoTerminalError(reason, hints)
}
