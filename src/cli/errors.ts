/** The program was asked for something that can't be done that way. The message says how to ask for it. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
