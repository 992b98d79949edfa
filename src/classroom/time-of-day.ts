/** As people write it where this runs: 2:30 PM, or 14:30. */
export function timeOfDay(iso: string): string {
  return new Date(iso).toLocaleTimeString(undefined, { hour: 'numeric', minute: '2-digit' })
}

/** The same, with the date if it's on another day than `now`. */
export function dayAndTime(iso: string, now: Date): string {
  const time = new Date(iso)
  if (time.toDateString() === now.toDateString()) return timeOfDay(iso)
  return time.toLocaleString(undefined, { dateStyle: 'long', timeStyle: 'short' })
}
