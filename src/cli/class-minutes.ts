import { UsageError } from './errors.ts'

/** Minutes as typed; undefined if none were. Throws UsageError. */
export function minutesOf(asked: string | undefined): number | undefined {
  if (asked === undefined) return undefined
  const minutes = Number(asked.replace(',', '.'))
  if (minutes > 0 && minutes <= 24 * 60) return minutes
  throw new UsageError(`"${asked}" isn't a number of minutes.`)
}
