import type { ParticipantRow } from '../classroom/api.ts'
import { ClassError } from '../classroom/errors.ts'
import { plainName } from '../classroom/projections/names.ts'

/** The participant that the instructor means: by name, by the beginning of one, or by number (`#3`). Throws ClassError. */
export function whoIs(asked: string, participants: readonly ParticipantRow[]): ParticipantRow {
  const wanted = plainName(asked).toLowerCase()
  const number = /^#(\d+)$/.exec(wanted)?.[1]
  const named = (test: (label: string) => boolean) =>
    participants.filter(({ label }) => test(label.toLowerCase()))
  const [exact, beginning] = [named((label) => label === wanted), named((label) => label.startsWith(wanted))]
  const found =
    number !== undefined
      ? participants.filter((one) => one.number === Number(number))
      : exact.length > 0
        ? exact
        : beginning
  const [one, another] = found
  if (one === undefined) throw new ClassError(`No participant is called "${asked}".`)
  if (another === undefined) return one
  const names = found.slice(0, 5).map(({ label, number: n }) => `${label} (#${n})`)
  throw new ClassError(`"${asked}" could be ${names.join(', ')}${found.length > 5 ? ', …' : ''}.`)
}
