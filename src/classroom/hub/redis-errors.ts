/** What an error says, along with the reasons for which a transaction was discarded. */
export function messagesOf(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return [String(error)]
  const previous =
    'previousErrors' in error && Array.isArray(error.previousErrors) ? error.previousErrors : []
  return [error.message, ...previous.map((one) => (one instanceof Error ? one.message : String(one)))]
}

/** Whether Redis refused to write because it has no memory left. */
export function isOutOfMemory(error: unknown): boolean {
  return messagesOf(error).some((message) => /\bOOM\b/.test(message))
}

/** Whether Redis, which is older than 7.0 then, doesn't know scripts with flags. */
export function isTooOldForFlags(error: unknown): boolean {
  return messagesOf(error).some((message) => /Error compiling script/.test(message))
}
