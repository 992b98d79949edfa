import { UsageError } from '../common/exit.ts'

/** What commander has read, by a flag's name: `--file PATH` is a string, `--json` is true. */
export type Given = Readonly<Record<string, string | boolean | undefined>>

/** A flag of a command: how `--help` shows it, and what its value is. The command's declaration names it. */
export interface Flag<T> {
  readonly help: (name: string) => readonly (readonly [usage: string, meaning: string])[]
  /** Throws UsageError. */
  readonly read: (given: Given[string], name: string) => T
}

export type Flags = Readonly<Record<string, Flag<unknown>>>

/** What a command gets: the values of the flags that it declares. */
export type Values<F extends Flags> = {
  readonly [Name in keyof F]: F[Name] extends Flag<infer T> ? T : never
}

/** `--all`: false if it was left out. */
export function flag(meaning: string): Flag<boolean> {
  return { help: (name) => [[`--${name}`, meaning]], read: (given) => given === true }
}

/** `--no-open`, which is declared as `open`: true if it was left out. */
export function unless(meaning: string): Flag<boolean> {
  return { help: (name) => [[`--no-${name}`, meaning]], read: (given) => given !== false }
}

/** `--pages` and `--no-pages`; undefined leaves the choice to the command. */
export function choice(meaning: string, otherwise: string): Flag<boolean | undefined> {
  return {
    help: (name) => [
      [`--${name}`, meaning],
      [`--no-${name}`, otherwise],
    ],
    read: (given) => (typeof given === 'boolean' ? given : undefined),
  }
}

/** `--name <value>`, read by a function of its own; undefined if it was left out. */
export function withValue<T>(
  value: string,
  meaning: string,
  read: (given: string, name: string) => T,
): Flag<T | undefined> {
  return {
    help: (name) => [[`--${name} <${value}>`, meaning]],
    read: (given, name) => (typeof given === 'string' ? read(given, name) : undefined),
  }
}

/** `--file <path>`; undefined if it was left out. */
export function text(value: string, meaning: string): Flag<string | undefined> {
  return withValue(value, meaning, (given) => given)
}

/** `--task <number>`, a whole number of 1 or more. */
export function wholeNumber(meaning: string): Flag<number | undefined> {
  return withValue('number', meaning, (given, name) => wholeNumberOf(given, `--${name}`))
}

/** `--port <number>`. */
export function port(meaning: string): Flag<number | undefined> {
  return withValue('number', meaning, (given, name) => {
    const number = Number(given)
    if (Number.isInteger(number) && number >= 1 && number <= 65_535) return number
    throw new UsageError(`--${name} takes a number from 1 to 65535, not "${given}".`)
  })
}

/** Flags that several commands have. */
export const json = flag('print data for programs instead of text')
export const yes = flag("don't ask")
export const whichClass = text('name', 'which class, by part of its name; default: the latest')
export const inBrowser = {
  port: port('the port for the pages; default: any free one'),
  open: unless("print the pages' address without opening a browser"),
}
export type InBrowser = Values<typeof inBrowser>

/** A whole number of 1 or more, as typed. Throws UsageError. */
export function wholeNumberOf(typed: string, what: string): number {
  const number = Number(typed)
  if (Number.isInteger(number) && number >= 1) return number
  throw new UsageError(`${what} takes a whole number of 1 or more, not "${typed}".`)
}

/** Minutes as typed; undefined if none were. Throws UsageError. */
export function minutesOf(asked: string | undefined): number | undefined {
  if (asked === undefined) return undefined
  const minutes = Number(asked.replace(',', '.'))
  if (minutes > 0 && minutes <= 24 * 60) return minutes
  throw new UsageError(`"${asked}" isn't a number of minutes. Use one like 10, at most 1440, which is a day.`)
}

/** What commander has read, as the values of the declared flags. */
export function valuesOf<F extends Flags>(flags: F, given: Given): Values<F> {
  const values = Object.entries(flags).map(([name, { read }]) => [name, read(given[name], name)])
  // The one place where TypeScript can't follow: each name gets what its own flag has read.
  return Object.fromEntries(values) as Values<F>
}
