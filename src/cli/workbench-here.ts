import { Exit, type ExitCode } from '../common/exit.ts'
import type { CheckSession } from '../learner/check-session.ts'
import { editorCommand, openInEditor } from '../learner/editor.ts'
import type { Learner } from '../learner/learner.ts'
import { lendTerminal } from '../terminal/hold-keys.ts'
import { afterPass } from '../walkthrough/after-pass.ts'
import { openBrowser } from '../web/open-browser.ts'
import { openWorkbench, type Workbench } from '../web/workbench/index.ts'
import { stayInClass } from './class-notices.ts'
import { self } from './command.ts'
import type { Context } from './context.ts'
import type { InBrowser } from './flags.ts'
import { untilInterrupted } from './interrupt.ts'
import { lessonToContinue } from './resolve-lesson.ts'
import { withSession } from './with-session.ts'

interface WorkbenchFlags extends Partial<InBrowser> {
  /** Another address at which a browser may see the pages. */
  readonly origin?: string | undefined
}

export const alreadyOpen = 'The workbench is already open; this address leads there.'

/** Serves the workbench until Ctrl-C, and shows the named lesson, or the one where the learner left off. */
export async function serveWorkbench(
  context: Context,
  named: string | undefined,
  flags: WorkbenchFlags,
): Promise<ExitCode> {
  const learner = await context.learner()
  const lesson = lessonToContinue(learner, named, 'open')
  await stayInClass(context, learner)
  return await withSession(
    context,
    learner,
    async (session) => {
      const { isOthers } = await workbenchHere(context, learner, session, lesson?.slug, flags)
      if (isOthers) {
        context.print(`\n${alreadyOpen}`)
        return Exit.passed
      }
      context.print('\nThe address works once. Press Ctrl-C to stop.')
      return await untilInterrupted()
    },
    { stayWarm: true },
  )
}

/**
 * Opens the workbench, or the one that's already open for this home, at a lesson or at the list of them, and prints its
 * address.
 */
export async function workbenchHere(
  context: Context,
  learner: Learner,
  session: CheckSession,
  slug: string | undefined,
  { port, origin, open = false }: WorkbenchFlags,
): Promise<Workbench> {
  const { env, input } = context
  const [mine, redis] = await Promise.all([context.mine(), context.preference()])
  const workbench = await openWorkbench(slug === undefined ? '/' : `/lessons/${slug}`, {
    learner,
    session,
    port,
    origin,
    mine,
    redis,
    ...(editorCommand(env) !== undefined && {
      // A menu may be waiting in this terminal.
      edit: (file, line) => lendTerminal(input, () => openInEditor(file, env, line)),
    }),
    passedText: async ({ slug }) =>
      afterPass(learner, await learner.course.lesson(slug), {
        others: 'They follow the solution, which you can show below.',
        next: () => '',
        mine: mine === undefined ? () => `start again with \`${self} open --mine\`.` : 'already',
      }),
  })
  context.cleanups.add(workbench.close)
  context.print(context.palette.paint(workbench.address, 'bold'))
  if (open) openBrowser(workbench.door, env)
  return workbench
}
