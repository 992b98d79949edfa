import { ClassError } from '../../../classroom/errors.ts'
import { Exit, UsageError } from '../../../common/exit.ts'
import { whoIs, withClass } from '../../class-client.ts'
import { defineCommand, self } from '../../command.ts'
import { text, whichClass } from '../../flags.ts'

export const command = defineCommand({
  flags: {
    since: text('time', 'everyone who joined since: 10:30, or 5m for five minutes ago'),
    name: whichClass,
  },
  examples: [
    ['class remove Ada', '"class undo" brings her back within ten minutes'],
    ['class remove --since 5m', 'after the code got out'],
  ],
  run: async (context, [asked], flags) => {
    const { since } = flags
    if ((asked === undefined) === (since === undefined)) {
      throw new UsageError(
        `Remove whom? For example: ${self} class remove Ada, or: ${self} class remove --since 10:30`,
      )
    }
    return withClass(context, flags, async ({ overview, send }) => {
      const { participants, now } = await overview()
      if (asked !== undefined) {
        const { id, label } = whoIs(asked, participants)
        await send({ do: 'remove', participant: id })
        tell(label)
      } else {
        const from = timeOf(since ?? '', new Date(now))
        const many = participants.filter(({ joinedAt }) => joinedAt >= from).length
        await send({ do: 'remove since', since: from })
        tell(many === 1 ? '1 participant' : `${many} participants`)
      }
      return Exit.passed
    })

    function tell(whom: string): void {
      context.print(`Removed: ${whom}. "${self} class undo" brings them back within ten minutes; then what they sent is deleted.
Anyone who has the join code can join again; "${self} class code --new" changes it.`)
    }
  },
})

/** A time of today, `10:30`; or minutes ago, `5m`; or ISO 8601. Throws ClassError. */
function timeOf(text: string, now: Date): string {
  const ago = /^(\d+)\s*m(?:in)?$/.exec(text.trim())?.[1]
  if (ago !== undefined) return new Date(now.getTime() - Number(ago) * 60_000).toISOString()
  const [, hours, minutes] = /^(\d{1,2}):(\d\d)$/.exec(text.trim()) ?? []
  if (hours !== undefined)
    return new Date(new Date(now).setHours(Number(hours), Number(minutes), 0, 0)).toISOString()
  const time = Date.parse(text)
  if (Number.isNaN(time))
    throw new ClassError(`"${text}" isn't a time. Use one like 10:30, or 5m for five minutes ago.`)
  return new Date(time).toISOString()
}
