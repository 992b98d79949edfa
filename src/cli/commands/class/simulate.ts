import { HubGoneError } from '../../../classroom/simulate/follow-attempts.ts'
import { rehearse } from '../../../classroom/simulate/rehearsal.ts'
import { simulate } from '../../../classroom/simulate/simulate.ts'
import { Exit, UsageError } from '../../../common/exit.ts'
import { defineCommand, programFile } from '../../command.ts'
import { json, wholeNumber } from '../../flags.ts'

export const command = defineCommand({
  flags: {
    learners: wholeNumber('how many; default: 300'),
    seconds: wholeNumber('how long; default: 20'),
    hubs: wholeNumber('number of hubs on one Redis'),
    json,
  },
  examples: [['class simulate --learners 300', 'what this machine can handle']],
  run: async (context, _args, flags) => {
    const { course } = await context.learner()
    const learners = flags.learners ?? 300
    const seconds = flags.seconds ?? 20
    const hubs = flags.hubs ?? 1
    const [lesson] = course.lessons
    if (lesson === undefined) throw new UsageError('The course has no lessons.')
    if ((await context.preference()) !== undefined) {
      throw new UsageError(
        'class simulate always starts its own Redis, so nothing is left behind in yours. Leave out --redis.',
      )
    }
    if (learners > 5_000) throw new UsageError('A class can have at most 5,000 learners.')
    const rehearsal = await rehearse(programFile, hubs, context.env)
    const done = context.cleanups.add(rehearsal.close)
    try {
      const result = await simulate({ ...rehearsal, slug: lesson.slug, learners, seconds })
      if (flags.json) context.printJson(result)
      else {
        const { sent, stored, duplicates, lost, medianMs, p99Ms } = result
        context.print(`${learners} learners, each checking every ten seconds, for ${seconds} seconds, ${hubs === 1 ? 'one hub' : `${hubs} hubs`}:
Events: ${sent} sent, ${stored} stored, ${duplicates} arrived twice (counted once), ${lost} lost.
Time from a check to the dashboard: ${medianMs} ms (median), ${p99Ms} ms (99th percentile).`)
      }
      return result.lost === 0 ? Exit.passed : Exit.notPassed
    } catch (error) {
      if (!(error instanceof HubGoneError)) throw error
      context.note(error.message)
      return Exit.notPassed
    } finally {
      await rehearsal.close()
      done()
    }
  },
})
