const errors = new WeakSet<object>()

/** What a process that "died" gets for a command that it never sent, in ioredis's own words. */
export function errorOfTheDead(): Error {
  const error = new Error('Connection is closed.')
  errors.add(error)
  return error
}

/** Whether it's such an error, or was caused by one. */
export function isOfTheDead(error: unknown): boolean {
  return error instanceof Error && (errors.has(error) || isOfTheDead(error.cause))
}
