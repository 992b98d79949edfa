import type { Flags } from './command.ts'
import { UsageError } from './errors.ts'

/** A flag that takes a whole number of 1 or more. Throws UsageError. */
export function wholeNumber(flag: string, value: Flags[string]): number | undefined {
  if (value === undefined) return undefined
  const number = Number(value)
  if (Number.isInteger(number) && number >= 1) return number
  throw new UsageError(`${flag} takes a whole number of 1 or more, not "${String(value)}".`)
}
