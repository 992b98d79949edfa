import { useEffect, useState } from 'preact/hooks'
import { duration } from './duration.ts'

/** Refreshes the time every `ms` milliseconds. */
export function useNow(ms: number): number {
  const [now, setNow] = useState(Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), ms)
    return () => clearInterval(timer)
  }, [ms])
  return now
}

/** How long ago something was by the hub's clock, in words that stay right: `now`, `4 min`, `2 h`. */
export function Since({ at, ahead }: { readonly at: string; readonly ahead: number }) {
  const now = useNow(10_000)
  return <time dateTime={at}>{duration(now + ahead - Date.parse(at))}</time>
}

/** What's left of a timer: `4:05`. */
export function Left({ until, ahead }: { readonly until: string; readonly ahead: number }) {
  const now = useNow(1_000)
  const seconds = Math.max(0, Math.round((Date.parse(until) - now - ahead) / 1_000))
  return (
    <time class="left" dateTime={until}>
      {Math.floor(seconds / 60)}:{String(seconds % 60).padStart(2, '0')}
    </time>
  )
}

/** A time of day, as the clock on the wall shows it. */
export function timeOfDay(at: string): string {
  return new Date(at).toLocaleTimeString([], { hour: 'numeric', minute: '2-digit', second: '2-digit' })
}
