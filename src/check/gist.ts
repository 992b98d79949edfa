/** A diagnosis without what differs from run to run: numbers, times, and IDs. */
export function gistOf(diagnosis = ''): string {
  return diagnosis.replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d+/g, '#')
}
