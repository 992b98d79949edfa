/** The program was asked for something that cannot be done as asked. The message says how to ask for it. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
