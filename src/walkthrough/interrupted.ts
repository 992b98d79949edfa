/** Somebody pressed Ctrl-C while the program listened to keys itself. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError'
}
