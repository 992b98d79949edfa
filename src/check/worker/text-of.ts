/** On one line; an answer may throw anything, even a value that can't be turned into a string. */
export function textOf(error: unknown): string {
  try {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  } catch {
    return "something that can't be shown"
  }
}
