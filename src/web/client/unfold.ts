/** Shows the output that a question asked for, once it's answered or the snippet has run. */
export function unfold(snippet: number | undefined): void {
  if (snippet === undefined) return
  for (const output of document.querySelectorAll<HTMLDetailsElement>(`details[data-snippet="${snippet}"]`)) {
    output.open = true
  }
}
