import type { Removed } from '../../../classroom/api.ts'
import { ClassError } from '../../../classroom/errors.ts'
import { Exit, UsageError } from '../../../common/exit.ts'
import { whoIs, withClass } from '../../class-client.ts'
import { defineCommand, self } from '../../command.ts'
import { flag, text, whichClass } from '../../flags.ts'

export const command = defineCommand({
  flags: {
    since: text('time', 'everyone who joined since: 10:30, or 5m for five minutes ago'),
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
        tell(many === 1 ? '1 learner' : `${many} learners`)
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
 * A time of day, `10:30`, the latest that has passed; or minutes ago, `5m`; or ISO 8601. Nothing else is guessed, because
 * "10" as a year would remove everyone. Throws ClassError.
 */
export function timeOf(typed: string, now: Date): string {
  const [, ago] = /^(\d{1,4})\s*m(?:in)?$/.exec(typed.trim()) ?? []
  if (ago !== undefined) return new Date(now.getTime() - Number(ago) * 60_000).toISOString()
  const [, hours, minutes] = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(typed.trim()) ?? []
  if (hours !== undefined) {
    const today = new Date(new Date(now).setHours(Number(hours), Number(minutes), 0, 0))
    if (today > now) today.setDate(today.getDate() - 1)
    return today.toISOString()
  }
  const time = /^\d{4}-\d\d-\d\dT/.test(typed.trim()) ? Date.parse(typed.trim()) : Number.NaN
  if (Number.isNaN(time))
    throw new ClassError(`"${typed}" isn't a time. Use one like 10:30, or 5m for five minutes ago.`)
  return new Date(time).toISOString()
}
