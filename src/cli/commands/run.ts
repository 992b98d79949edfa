import { Exit, UsageError } from '../../common/exit.ts'
import type { Lesson } from '../../course/index.ts'
import type { RunningRedis } from '../../redis/index.ts'
import type { SnippetResult } from '../../snippets/index.ts'
import { defineCommand, self } from '../command.ts'
import type { Context } from '../context.ts'
import { json, wholeNumberOf } from '../flags.ts'
import { resolveLesson } from '../resolve-lesson.ts'
import { withRedis } from '../with-redis.ts'

interface Numbered {
  readonly number: number
  readonly result: SnippetResult
}

export const command = defineCommand({
  flags: {
    json,
  },
  examples: [
    ['run 01', 'all snippets, one after the other'],
    ['run 01 3', 'only the third, on the data that the first two left'],
  ],
  run: async (context, [named, which], flags) => {
    const learner = await context.learner()
    const { slug } = resolveLesson(learner, named, 'run')
    const lesson = await learner.course.lesson(slug)
    const numbers = wanted(lesson, which)
    const { openSnippetRunner } = await import('../../snippets/index.ts')
    const results = await withRedis(context, async (redis) => {
      const runner = openSnippetRunner({
        root: learner.course.root,
        redis,
        lesson,
        mine: await context.mine(),
      })
      const isText = !flags.json
      const ran: Numbered[] = []
      try {
        for (const number of numbers) {
          const one = { number, result: await runner.run(number) }
          await redis.confirm?.()
          if (isText) await print(context, lesson, one)
          ran.push(one)
        }
      } finally {
        runner.close()
      }
      if (isText) context.print(context.palette.paint(`On ${redis.description}.`, 'dim'))
      else context.printJson(asJson(lesson, redis, ran))
      return ran
    })
    return results.every(({ result }) => result.asShown) ? Exit.passed : Exit.notPassed
  },
})

/** One snippet, or all of them. */
function wanted({ number, snippets }: Lesson, which: string | undefined): readonly number[] {
  const one = which === undefined ? undefined : wholeNumberOf(which, 'A snippet')
  if (snippets.length === 0) throw new UsageError(`Lesson ${number} has no snippets.`)
  if (one === undefined) return snippets.map((_, index) => index + 1)
  if (one <= snippets.length) return [one]
  const has = snippets.length === 1 ? 'one' : `${snippets.length}, 1 to ${snippets.length}`
  throw new UsageError(`Lesson ${number} has no snippet ${one}. It has ${has}: ${self} run ${number}`)
}

async function print(context: Context, lesson: Lesson, { number, result }: Numbered): Promise<void> {
  const { renderResult } = await import('../../snippets/index.ts')
  const { palette, width } = context
  const title = `Snippet ${number} of ${lesson.snippets.length} · lessons/${lesson.slug}.md:${result.snippet.line}`
  context.print(`${palette.paint(title, 'bold')}\n\n${await renderResult(result, { width, palette })}\n`)
}

function asJson({ slug }: Lesson, { kind, version }: RunningRedis, ran: readonly Numbered[]) {
  return {
    lesson: slug,
    redis: { kind, version },
    snippets: ran.map(({ number, result: { snippet, ran: pieces, asShown } }) => ({
      number,
      line: snippet.line,
      kind: snippet.kind,
      fails: snippet.fails,
      asShown,
      ran: pieces,
    })),
  }
}
