import path from 'node:path'
import type { ConsolePlace } from '../../console/index.ts'
import { filesOf, findLesson } from '../../course/index.ts'
import { currentLesson } from '../../learner/learner.ts'
import type { RunningRedis } from '../../redis/index.ts'
import { paintLines, span, type Text } from '../../terminal/text.ts'
import { wrap } from '../../terminal/wrap.ts'
import type { Run } from '../command.ts'
import type { Context } from '../context.ts'
import { Exit } from '../exit.ts'
import { withRedis } from '../with-redis.ts'

export const run: Run = async (context, [named], flags) => {
  const desk = await context.desk()
  const { course, home } = desk
  const summary = named === undefined ? currentLesson(desk) : findLesson(course, named)
  const lesson = summary === undefined ? undefined : await course.lesson(summary.slug)
  const place: ConsolePlace | undefined = lesson && {
    lesson,
    file: flags.solution === true ? filesOf(course, lesson.slug).solution : home.answer(lesson.slug),
  }
  const [{ emptySandbox, openStage }, { nextKey, obeyLines, openConsole, talk }] = await Promise.all([
    import('../../snippets/index.ts'),
    import('../../console/index.ts'),
  ])
  const { input, output, palette } = context
  const mine = await context.mine()
  return withRedis(context, async (redis) => {
    if (lesson === undefined) await emptySandbox(redis)
    else {
      if (context.canAsk) context.note(`Running the snippets of lesson ${lesson.number} …`)
      const stage = openStage({ root: course.root, redis, lesson, mine })
      await stage.runAll()
      stage.close()
    }
    const console = await openConsole({
      course,
      redis,
      place,
      mine,
      palette,
      width: () => context.width,
      print: (text) => output.write(text),
      ...(context.canAsk && { untilKey: () => nextKey(input) }),
    })
    const done = context.cleanups.add(console.close)
    try {
      if (!context.canAsk) await obeyLines(console, input)
      else {
        context.print(`${greeting(context, redis, place)}\n`)
        await talk(console, { input, output: output.stream, history: path.join(home.log, 'console-history') })
      }
    } finally {
      console.close()
      done()
      // Commands typed into someone's own Redis leave nothing behind there.
      if (redis.kind === 'url') await emptySandbox(redis)
    }
    return console.hasFailed && !context.canAsk ? Exit.notPassed : Exit.passed
  })
}

function greeting({ palette, width }: Context, redis: RunningRedis, place: ConsolePlace | undefined): string {
  const data =
    place === undefined
      ? 'an empty database'
      : `the data that the snippets of lesson ${place.lesson.number} left`
  const limits = redis.limits === undefined ? [] : [span(redis.limits, 'dim')]
  const lines: readonly Text[] = [
    [span(redis.description, 'bold'), span(`, with ${data}.`)],
    span('.help shows what you can do; Ctrl-D quits.'),
    ...limits,
  ]
  return paintLines(
    lines.flatMap((line) => wrap(line, { width })),
    palette,
  )
}
