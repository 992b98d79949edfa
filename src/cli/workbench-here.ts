import { findLesson } from '../course/index.ts'
import type { CheckSession } from '../learner/check-session.ts'
import { editorCommand, openInEditor } from '../learner/editor.ts'
import { type Desk, nextLesson } from '../learner/learner.ts'
import { afterPass } from '../walkthrough/after-pass.ts'
import { openBrowser } from '../web/open-browser.ts'
import { openWorkbench, type Workbench } from '../web/workbench/index.ts'
import { stayInClass } from './class-notices.ts'
import { self } from './command.ts'
import type { Context } from './context.ts'
import { Exit, type ExitCode } from './exit.ts'
import { withSession } from './with-session.ts'

interface InBrowser {
  readonly port: number | undefined
  readonly open: boolean
  /** Another address at which a browser may see the pages. */
  readonly origin?: string | undefined
}

/** Serves the workbench until Ctrl-C, and shows the named lesson, or the one where the learner left off. */
export async function serveWorkbench(
  context: Context,
  named: string | undefined,
  { port, open, origin }: InBrowser,
): Promise<ExitCode> {
  const desk = await context.desk()
  const { course } = desk
  const lesson = named === undefined ? (nextLesson(desk) ?? course.lessons[0]) : findLesson(course, named)
  const path = lesson === undefined ? '/' : `/lessons/${lesson.slug}`
  await stayInClass(context, desk)
  return await withSession(
    context,
    desk,
    async (session) => {
      const { isOthers } = await workbenchHere(context, desk, session, { path, port, origin, show: open })
      if (isOthers) {
        context.print('\nThe workbench is already open; this address leads there.')
        return Exit.passed
      }
      context.print('\nThe address works once. Press Ctrl-C to stop.')
      // Forever, which means until Ctrl-C.
      return await new Promise<never>(() => {})
    },
    { stayWarm: true },
  )
}

export interface WorkbenchHere {
  readonly path: string
  readonly port?: number | undefined
  /** Another address at which a browser may see the pages. */
  readonly origin?: string | undefined
  /** Show it in the learner's browser. */
  readonly show: boolean
}

/** Opens the workbench, or the one that's already open for this home, and prints its address. */
export async function workbenchHere(
  context: Context,
  desk: Desk,
  session: CheckSession,
  { path, port, origin, show }: WorkbenchHere,
): Promise<Workbench> {
  const { env } = context
  const mine = await context.mine()
  const workbench = await openWorkbench(path, {
    desk,
    session,
    port,
    origin,
    mine,
    ...(editorCommand(env) !== undefined && { edit: (file, line) => openInEditor(file, env, line) }),
    passedText: async ({ slug }) =>
      afterPass(desk, await desk.course.lesson(slug), {
        others: `To see them: \`${self} solution ${slug.slice(0, 2)} --others\``,
        next: () => '',
        ...(mine === undefined && { mine: () => `start again with \`${self} open --mine\`.` }),
      }),
  })
  context.cleanups.add(workbench.close)
  context.print(context.palette.paint(workbench.address, 'bold'))
  if (show) openBrowser(workbench.door, env)
  return workbench
}
