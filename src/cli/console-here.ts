import path from 'node:path'
import type { ConsolePlace } from '../console/index.ts'
import { filesOf, type LessonSummary } from '../course/index.ts'
import type { Learner } from '../learner/learner.ts'
import type { RunningRedis } from '../redis/index.ts'
import { paintLines, span, type Text } from '../terminal/text.ts'
import { wrap } from '../terminal/wrap.ts'
import type { Context } from './context.ts'

export interface ConsoleHere {
  /** The lesson whose data is wanted; undefined for an empty database. */
  readonly summary: LessonSummary | undefined
  /** Use the model functions, not the learner's. */
  readonly solution?: boolean
}

/** The prompt on a Redis, until the learner leaves it or the lines end. Resolves with whether a line failed. */
export async function consoleOn(
  context: Context,
  learner: Learner,
  redis: RunningRedis,
  { summary, solution = false }: ConsoleHere,
): Promise<boolean> {
  const { course, home } = learner
  const lesson = summary === undefined ? undefined : await course.lesson(summary.slug)
  const place: ConsolePlace | undefined = lesson && {
    lesson,
    file: solution ? filesOf(course, lesson.slug).solution : home.answer(lesson.slug),
  }
  const [{ emptySandbox, openSnippetRunner }, { nextKey, obeyLines, openConsole, talk }] = await Promise.all([
    import('../snippets/index.ts'),
    import('../console/index.ts'),
  ])
  const { input, output, palette } = context
  const mine = await context.mine()
  /** The database as the lesson leaves it. */
  const prepare = async () => {
    if (lesson === undefined) return await emptySandbox(redis)
    const runner = openSnippetRunner({ root: course.root, redis, lesson, mine })
    try {
      await runner.runAll()
    } finally {
      runner.close()
    }
  }
  if (lesson !== undefined && context.canAsk) {
    context.note(`Running the snippets of lesson ${lesson.number} ${palette.unicode ? '…' : '...'}`)
  }
  await prepare()
  const console = await openConsole({
    course,
    redis,
    place,
    mine,
    palette,
    prepare,
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
  return console.hasFailed
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
