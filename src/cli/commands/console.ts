import { findLesson } from '../../course/index.ts'
import { currentLesson } from '../../learner/learner.ts'
import type { Run } from '../command.ts'
import { consoleOn } from '../console-here.ts'
import { Exit } from '../exit.ts'
import { withRedis } from '../with-redis.ts'

export const run: Run = async (context, [named], flags) => {
  const desk = await context.desk()
  const summary = named === undefined ? currentLesson(desk) : findLesson(desk.course, named)
  return withRedis(context, async (redis) => {
    const hasFailed = await consoleOn(context, desk, redis, { summary, solution: flags.solution === true })
    return hasFailed && !context.canAsk ? Exit.notPassed : Exit.passed
  })
}
