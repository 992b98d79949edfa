import { lessonsAhead, nextLesson } from '../../learner/learner.ts'
import { whyNoPrompt } from '../../terminal/can-prompt.ts'
import { lessonTable } from '../../walkthrough/lesson-table.ts'
import { stayInClass } from '../class-side.ts'
import { type Run, self } from '../command.ts'
import type { Context } from '../context.ts'
import { Exit } from '../exit.ts'
import { withSession } from '../with-session.ts'
import { run as initialize, isNowhere } from './init.ts'

export const run: Run = async (context) => {
  if (isNowhere(context.env)) return initialize(context, [], {})
  if (!context.canAsk) return printState(context)
  const desk = await context.desk()
  const [{ walkThrough }, { terminalUi }, { openInEditor }] = await Promise.all([
    import('../../walkthrough/home.ts'),
    import('../../walkthrough/terminal-ui.ts'),
    import('../../learner/editor.ts'),
  ])
  const { input, output, palette, env } = context
  const ui = await terminalUi({ input, output: output.stream, palette })
  const { news } = await stayInClass(context, desk)
  await withSession(
    context,
    desk,
    (session) =>
      walkThrough({
        desk,
        session,
        ui,
        palette,
        edit: (file) => openInEditor(file, env),
        async watch(slug) {
          const [{ redis }, { watchOnTerminal }] = await Promise.all([
            session.open(),
            import('../../watch/index.ts'),
          ])
          const editor = (file: string) => openInEditor(file, env)
          const { course, home, progress } = desk
          const screen = {
            input,
            output: output.stream,
            palette,
            editor,
            ...(news !== undefined && { news }),
          }
          await watchOnTerminal({
            course,
            way: lessonsAhead(desk),
            home,
            progress,
            redis,
            checker: session,
            slug,
            ...screen,
          })
        },
      }),
    { stayWarm: true },
  )
  return Exit.passed
}

/** Without a terminal there's no one to guide, so this prints the state and the commands that lead on. */
async function printState(context: Context): Promise<typeof Exit.passed> {
  const desk = await context.desk()
  context.print(lessonTable(desk, context))
  const next = nextLesson(desk)
  const number = next?.number ?? '01'
  context.print(`
The guided walkthrough doesn't work here. ${whyNoPrompt(context)} Use single commands instead:

  ${self} start ${number}   your file for the lesson
  ${self} read ${number}    what to write
  ${self} check ${number}   see whether it works
  ${self} hint ${number}    if you're stuck
  ${self} --help     all commands`)
  return Exit.passed
}
