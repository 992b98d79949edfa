import { Exit, UsageError } from '../../common/exit.ts'
import { findLessons } from '../../course/index.ts'
import { nextCommand } from '../../learner/learner.ts'
import { skipLessons } from '../../learner/skip-lessons.ts'
import { defineCommand, self } from '../command.ts'

/** Marks lessons as known. Passed lessons stay passed, and `start` takes a skipped lesson up again. */
export const command = defineCommand({
  flags: {},
  examples: [
    ['skip 01-06', 'the first six'],
    ['skip 04 snapshots', 'two of them'],
  ],
  run: async (context, named) => {
    const learner = await context.learner()
    if (named.length === 0) throw new UsageError(`Which lessons? For example: ${self} skip 01-06`)
    const lessons = findLessons(learner.course, named)
    const open = await skipLessons(learner, lessons, 'known')
    const left = lessons.length - open.length
    const slugs = open.map(({ slug }) => slug).join(', ')
    context.print(
      open.length === 0
        ? 'Nothing to skip: those lessons are already passed or skipped.'
        : `Skipped: ${slugs}.`,
    )
    if (open.length > 0 && left > 0)
      context.print(`${left} more ${left === 1 ? 'was' : 'were'} already done.`)
    const [first] = open
    if (first !== undefined) context.print(`To do one anyway: ${self} start ${first.number}`)
    const next = nextCommand(learner)
    if (next !== undefined) context.print(`Continue with: ${next}`)
    return Exit.passed
  },
})
