import type { Removed } from '../../../classroom/api.ts'
import { ClassError } from '../../../classroom/errors.ts'
import { timeOfDay } from '../../../classroom/member/after-command.ts'
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
        const from = timeOf(since ?? '', new Date(now))
        const many = participants.filter(({ joinedAt }) => joinedAt >= from).length
        await send({ do: 'remove since', since: from })
        tell(`${many === 1 ? '1 learner' : `${many} learners`}, everyone who joined since ${timeOfDay(from)}`)
      }
      return Exit.passed
    })

    function tell(whom: string): void {
      context.print(`Removed: ${whom}. "${self} class undo" brings them back within ten minutes; then what they sent is deleted.
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
 * A time of day, `10:30` or `2:30 PM`; or minutes ago, `5m`; or ISO 8601. A time of day is the latest that has passed, so
 * in the afternoon, `2:30` is half past two, and not a time at night that would remove everyone. Nothing else is guessed,
 * because "10" as a year would, too. Throws ClassError.
 */
export function timeOf(typed: string, now: Date): string {
  const [, ago] = /^(\d{1,4})\s*m(?:in)?$/.exec(typed.trim()) ?? []
  if (ago !== undefined) return new Date(now.getTime() - Number(ago) * 60_000).toISOString()
  const clock = /^([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?(?:\s*([ap])\.?m\.?)?$/i.exec(typed.trim())
  const possible = clock === null ? [] : hoursOf(Number(clock[1]), clock[4]?.toLowerCase())
  const [latest] = possible
    .map((hours) => {
      const today = new Date(new Date(now).setHours(hours, Number(clock?.[2]), Number(clock?.[3] ?? 0), 0))
      if (today > now) today.setDate(today.getDate() - 1)
      return today.toISOString()
    })
    .sort()
    .reverse()
  if (latest !== undefined) return latest
  const time = /^\d{4}-\d\d-\d\dT/.test(typed.trim()) ? Date.parse(typed.trim()) : Number.NaN
  if (Number.isNaN(time))
    throw new ClassError(
      `"${typed}" isn't a time. Use one like 10:30 or 2:30 PM, or 5m for five minutes ago.`,
    )
  return new Date(time).toISOString()
}

/** The hours of a day that a time may mean; none for one like `14:30 AM`. */
function hoursOf(hours: number, half: string | undefined): readonly number[] {
  if (hours === 0 || hours > 12) return half === undefined ? [hours] : []
  const morning = hours % 12
  if (half === undefined) return [morning, morning + 12]
  return [half === 'a' ? morning : morning + 12]
}
