import { describe } from 'vitest'
import { appendConforms } from './append.ts'
import { commandsConform, crowdConforms } from './commands.ts'
import { readingConforms } from './read.ts'
import { snapshotsConform } from './snapshots.ts'
import type { Subject } from './subject.ts'
import { subscribingConforms } from './subscribe.ts'

export * from './subject.ts'
export {
  appendConforms,
  commandsConform,
  crowdConforms,
  readingConforms,
  snapshotsConform,
  subscribingConforms,
}

/** Runs everything that an event store has to fulfill, wherever it keeps its events. */
export function conformance(name: string, subject: Subject): void {
  describe(`${name}: append`, () => appendConforms(subject))
  describe(`${name}: commands that come twice`, () => {
    commandsConform(subject)
    crowdConforms(subject)
  })
  describe(`${name}: read`, () => readingConforms(subject))
  describe(`${name}: subscribe`, () => subscribingConforms(subject))
  describe(`${name}: snapshots`, () => snapshotsConform(subject))
}
