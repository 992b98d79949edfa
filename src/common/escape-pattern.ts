/** A text as a regular expression that matches only that text. Node has `RegExp.escape` as of version 24. */
export function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
