import { openInEditor } from '../../walkthrough/editor.ts'
import type { Run } from '../command.ts'
import { Exit } from '../exit.ts'
import { whichLesson } from '../which-lesson.ts'
import { withSession } from '../with-session.ts'

export const run: Run = async (context, [named], flags) => {
  const desk = await context.desk()
  const { slug } = whichLesson(desk, named, 'watch')
  const { watchOnTerminal, watchPlain } = await import('../../watch/index.ts')
  return await withSession(
    context,
    desk,
    async (session) => {
      const { redis, checker } = await session.open()
      const common = {
        ...desk,
        checker,
        redis,
        slug,
        palette: context.palette,
        poll: flags.poll === true,
        advance: flags.advance === true,
      }
      if (context.canAsk && flags.json !== true) {
        const editor = (file: string) => openInEditor(file, context.env)
        await watchOnTerminal({ ...common, input: context.input, output: context.output.stream, editor })
      } else {
        const ended = new AbortController()
        const done = context.cleanups.add(() => ended.abort())
        await watchPlain({
          ...common,
          output: context.output,
          json: flags.json === true,
          signal: ended.signal,
        })
        done()
      }
      return Exit.passed
    },
    { stayWarm: true },
  )
}
