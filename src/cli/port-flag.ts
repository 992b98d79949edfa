import type { Flags } from './command.ts'
import { UsageError } from './errors.ts'

/** The port of `--port`; undefined if it was left out. Throws UsageError. */
export function portOf(value: Flags[string]): number | undefined {
  if (value === undefined) return undefined
  const port = Number(value)
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port
  throw new UsageError(`--port takes a number from 1 to 65535, not "${String(value)}".`)
}
