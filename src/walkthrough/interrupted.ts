/** The user pressed Ctrl-C while the program itself was listening for keys. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError'
}
