/** A duration in everyday words; a moment, and anything that a wrong clock puts in the future, is `now`. */
export function duration(ms: number): string {
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 1) return 'now'
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return `${hours} h`
  const days = Math.floor(hours / 24)
  return days < 100 ? `${days} days` : 'over 99 days'
}
