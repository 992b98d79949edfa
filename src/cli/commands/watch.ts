import { findLesson } from '../../course/index.ts'
import { editorCommand, openInEditor } from '../../learner/editor.ts'
import { lessonsAhead, nextLesson } from '../../learner/learner.ts'
import { stayInClass } from '../class-side.ts'
import type { Run } from '../command.ts'
import { UsageError } from '../errors.ts'
import { Exit } from '../exit.ts'
import { withSession } from '../with-session.ts'

export const run: Run = async (context, [named], flags) => {
  const desk = await context.desk()
  const { course, home, progress } = desk
  const lesson = named === undefined ? (nextLesson(desk) ?? course.lessons[0]) : findLesson(course, named)
  if (lesson === undefined) throw new UsageError("There's no lesson to watch.")
  const { watchOnTerminal, watchPlain } = await import('../../watch/index.ts')
  const { news } = await stayInClass(context, desk)
  await withSession(
    context,
    desk,
    async (session) => {
      const { redis } = await session.open()
      const { palette, input, output, env, canAsk } = context
      const flagsOfWatch = { advance: flags.advance === true, poll: flags.poll === true }
      const ofClass = news === undefined ? {} : { news }
      const common = {
        course,
        way: lessonsAhead(desk),
        home,
        progress,
        redis,
        checker: session,
        slug: lesson.slug,
        mine: await context.mine(),
        palette,
        ...flagsOfWatch,
        ...ofClass,
      }
      if (canAsk && flags.json !== true) {
        const editor =
          editorCommand(env) === undefined ? {} : { editor: (file: string) => openInEditor(file, env) }
        await watchOnTerminal({ ...common, ...editor, input, output: output.stream })
        return
      }
      const stop = new AbortController()
      context.cleanups.add(() => stop.abort())
      const json = flags.json === true
      const note = (sentence: string) => context.note(sentence)
      const write = json ? output.writeData : output.write
      await watchPlain({ ...common, output: { write }, json, note, signal: stop.signal })
    },
    { stayWarm: true },
  )
  return Exit.passed
}
