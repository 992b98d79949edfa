import { Exit } from '../../common/exit.ts'
import { findLesson } from '../../course/index.ts'
import { currentLesson } from '../../learner/learner.ts'
import { defineCommand } from '../command.ts'
import { consoleOn } from '../console-here.ts'
import { flag } from '../flags.ts'
import { withRedis } from '../with-redis.ts'

export const command = defineCommand({
  flags: {
    solution: flag('use the model functions, not yours'),
  },
  examples: [
    ['console 05', "with lesson 05's data; type .help there"],
    ['console', "with your current lesson's data"],
  ],
  run: async (context, [named], flags) => {
    const learner = await context.learner()
    const summary = named === undefined ? currentLesson(learner) : findLesson(learner.course, named)
    return withRedis(context, async (redis) => {
      const hasFailed = await consoleOn(context, learner, redis, { summary, solution: flags.solution })
      return hasFailed && !context.canAsk ? Exit.notPassed : Exit.passed
    })
  },
})
