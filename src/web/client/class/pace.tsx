import type { Overview } from '../../../classroom/api.ts'
import { paceAt, paceInWords } from '../../../classroom/pace.ts'
import { useNow } from './clock.tsx'

/** How the class is doing against the plan of its track; nothing until it's somewhere. */
export function Pace({ overview, ahead }: { readonly overview: Overview; readonly ahead: number }) {
  const now = new Date(useNow(10_000) + ahead).toISOString()
  const { lessons } = overview.class
  const { pace } = overview.summary
  const against = pace && paceAt(pace, lessons, now)
  if (against === undefined) return null
  return <p class={against.behind >= 5 ? 'pace late' : 'pace'}>{paceInWords(against, lessons)}</p>
}
