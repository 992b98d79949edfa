import type { Removed } from '../../../classroom/api.ts'
import { ClassError } from '../../../classroom/errors.ts'
import { dayAndTime } from '../../../classroom/time-of-day.ts'
import { Exit, UsageError } from '../../../common/exit.ts'
import { whoIs, withClass } from '../../class-client.ts'
import { defineCommand, self } from '../../command.ts'
import { flag, text, whichClass } from '../../flags.ts'

export const command = defineCommand({
  flags: {
    since: text('time', 'everyone who joined since: 10:30, 2:30 PM, or 5m for five minutes ago'),
    back: flag('bring the learner back, within ten minutes'),
    name: whichClass,
  },
  examples: [
    ['class remove Ada', '"class remove Ada --back" brings her back within ten minutes'],
    ['class remove --since 5m', 'after the code got out'],
  ],
  run: async (context, [asked], flags) => {
    const { since } = flags
    if (flags.back && (asked === undefined || since !== undefined)) {
      throw new UsageError(`Bring back whom? For example: ${self} class remove Ada --back`)
    }
    if ((asked === undefined) === (since === undefined)) {
      throw new UsageError(
        `Remove whom? For example: ${self} class remove Ada, or: ${self} class remove --since 10:30`,
      )
    }
    return withClass(context, flags, async ({ overview, send }) => {
      const { participants, removed = [], now } = await overview()
      if (flags.back) {
        const { id, label } = whoWas(asked ?? '', removed)
        await send({ do: 'restore', participant: id })
        context.print(`${label} is back, with everything they had sent.`)
      } else if (asked !== undefined) {
        const { id, label } = whoIs(asked, participants)
        await send({ do: 'remove', participant: id })
        tell(label)
      } else {
        const hubNow = new Date(now)
        const from = timeOf(since ?? '', hubNow)
        const many = participants.filter(({ joinedAt }) => joinedAt >= from).length
        await send({ do: 'remove since', since: from })
        tell(
          `${many === 1 ? '1 learner' : `${many} learners`}, everyone who joined since ${dayAndTime(from, hubNow)}`,
        )
      }
      return Exit.passed
    })

    function tell(whom: string): void {
      context.print(`Removed: ${whom}. "${self} class undo" brings them back within ten minutes; after that, what they sent is deleted.
Anyone who has the join code can join again; "${self} class code --new" changes it.`)
    }
  },
})

/** The removed participant that the instructor means. Throws ClassError. */
function whoWas(asked: string, removed: readonly Removed[]) {
  const who = removed.map(({ id, name: label, number }) => ({ id, label, number }))
  if (who.length > 0) return whoIs(asked, who)
  throw new ClassError('No one was removed in the last ten minutes.')
}

/**
 * A time of day, `10:30` or `2:30 PM`; or minutes ago, `5m`; or ISO 8601. A time of day is the latest today that has
 * passed, so in the afternoon, `2:30` is half past two, and not a time at night that would remove everyone. Nothing else
 * is guessed, because "10" as a year would, too, and so would yesterday. Throws ClassError.
 */
export function timeOf(typed: string, now: Date): string {
  const asked = typed.trim()
  const [, ago] = /^(\d{1,4})\s*m(?:in)?$/.exec(asked) ?? []
  if (ago !== undefined) return new Date(now.getTime() - Number(ago) * 60_000).toISOString()
  const clock = /^([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?(?:\s*([ap])\.?m\.?)?$/i.exec(asked)
  const [, hours = '', minutes, seconds = 0, half] = clock ?? []
  const today = (clock === null ? [] : hoursOf(hours, half?.toLowerCase())).map(
    (hour) => new Date(new Date(now).setHours(hour, Number(minutes), Number(seconds), 0)),
  )
  const time = /^\d{4}-\d\d-\d\dT/.test(asked) ? [new Date(asked)] : today
  const [earliest] = time
  if (earliest === undefined || Number.isNaN(earliest.getTime()))
    throw new ClassError(
      `"${typed}" isn't a time. Use one like 10:30 or 2:30 PM, or 5m for five minutes ago.`,
    )
  const latest = time.filter((one) => one <= now).at(-1)
  if (latest !== undefined) return latest.toISOString()
  const yesterday = new Date(now)
  yesterday.setDate(now.getDate() - 1)
  const [year, month, day] = [yesterday.getFullYear(), yesterday.getMonth() + 1, yesterday.getDate()]
  const date = `${year}-${twoDigits(month)}-${twoDigits(day)}`
  const at = `${twoDigits(earliest.getHours())}:${twoDigits(earliest.getMinutes())}`
  throw new ClassError(`"${typed}" is in the future. For yesterday, use ${date}T${at}.`)
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0')
}

/**
 * The hours of a day that a time may mean, the earliest first; none for one like `14:30 AM`. Without AM or PM, `09:30`
 * isn't in the evening, and `12:10` isn't at night.
 */
function hoursOf(typed: string, half: string | undefined): readonly number[] {
  const hours = Number(typed)
  if (half === undefined) return hours >= 12 || typed.startsWith('0') ? [hours] : [hours, hours + 12]
  if (hours === 0 || hours > 12) return []
  return [(hours % 12) + (half === 'a' ? 0 : 12)]
}
