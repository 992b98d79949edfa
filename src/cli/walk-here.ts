import type { CheckSession } from '../learner/check-session.ts'
import { openInEditor } from '../learner/editor.ts'
import { modelRun } from '../learner/index.ts'
import { chosenTrack, type Learner, lessonsAhead } from '../learner/learner.ts'
import type { Recording } from '../recording/index.ts'
import type { RunningRedis } from '../redis/index.ts'
import { lendTerminal } from '../terminal/hold-keys.ts'
import { afterPass } from '../walkthrough/after-pass.ts'
import { chooseLesson } from '../walkthrough/choose-lesson.ts'
import { goTo, type Place } from '../walkthrough/places.ts'
import { InterruptedError } from '../walkthrough/terminal-events.ts'
import type { ReadingEnd } from '../walkthrough/ui.ts'
import type { Walk } from '../walkthrough/walk.ts'
import type { Elsewhere, Visit, VisitEnd } from '../watch/elsewhere.ts'
import type { News } from '../watch/state.ts'
import { self } from './command.ts'
import { consoleOn } from './console-here.ts'
import type { Context } from './context.ts'
import { exploreHere } from './explore-here.ts'

export interface WalkOptions {
  readonly learner: Learner
  readonly session: CheckSession
  readonly news?: ((tell: (news: News) => void) => void) | undefined
  /** Settings of the watch screen. */
  readonly advance?: boolean
  readonly poll?: boolean
}

/** The walkthrough's parts on this terminal; the watch screen is one of them, and leads to the others. */
export async function walkHere(context: Context, options: WalkOptions): Promise<Walk> {
  const { learner, session, news, advance = false, poll = false } = options
  const { input, output, palette, env } = context
  const { terminalUi } = await import('../walkthrough/terminal-ui.ts')
  let servesWorkbench = false
  const explore = (recording: Recording) =>
    exploreHere(context, learner, recording, () => modelRun(learner, session, recording))
  const edit = (file: string) => lendTerminal(input, () => openInEditor(file, env))
  const ui = await terminalUi({ input, output: output.stream, palette })
  const walk: Walk = {
    learner,
    session,
    ui,
    palette,
    isOnOwn: (await context.mine()) !== undefined,
    bookmarks: new Map(),
    edit,
    console: async (slug) => void (await consoleAt(slug, (await session.open()).redis)),
    async explore(recording) {
      if ((await explore(recording)) === 'interrupted') throw new InterruptedError('Ctrl-C')
    },
    async workbench(slug) {
      const { alreadyOpen, workbenchHere } = await import('./workbench-here.ts')
      const { isOthers } = await workbenchHere(context, learner, session, slug, { open: true })
      // The second time, the one that's already open is this program's own.
      servesWorkbench ||= !isOthers
      const untilWhen = 'The address works once. The page works until you leave this program.'
      context.print(`${servesWorkbench ? untilWhen : alreadyOpen}\n`)
    },
    async watch(slug) {
      context.print(palette.unicode ? 'One moment …' : 'One moment ...')
      const [{ redis }, { watchOnTerminal }, { besideWorkbench }] = await Promise.all([
        session.open(),
        import('../watch/index.ts'),
        import('../web/workbench/beside.ts'),
      ])
      const { course, home, progress } = learner
      const [mine, preference] = await Promise.all([context.mine(), context.preference()])
      return await watchOnTerminal({
        course,
        way: lessonsAhead(learner),
        track: chosenTrack(learner)?.name,
        home,
        progress,
        redis,
        checker: session,
        slug,
        mine,
        advance,
        poll,
        input,
        output: output.stream,
        palette,
        elsewhere: elsewhereOf(walk),
        beside: besideWorkbench(learner, { mine, redis: preference }),
        passedText: async ({ lesson }) =>
          afterPass(learner, await course.lesson(lesson), {
            others: '`o` shows them.',
            next: () => '`n` goes there.',
            mine:
              mine === undefined
                ? ({ number }) =>
                    `quit, and start again with \`${self} watch ${number} --mine\`, or set EVENTLINGS_MINE=1.`
                : 'already',
          }),
        editor: edit,
        explorer: explore,
        ...(news !== undefined && { news }),
      })
    },
  }
  return walk

  async function consoleAt(slug: string, redis: RunningRedis): Promise<boolean> {
    const summary = learner.course.lessons.find((lesson) => lesson.slug === slug)
    return await consoleOn(context, learner, redis, { summary })
  }
}

/** What the watch screen leads to. */
function elsewhereOf(walk: Walk): Elsewhere {
  const { course } = walk.learner
  return {
    async pages(render, { signal }) {
      return endOf(
        await walk.ui.read(async (width) => [{ text: await render(width), fills: true }], {
          signal,
          hasKeys: true,
        }),
      )
    },
    async go(place: Place | 'console', slug: string, visit: Visit) {
      if (place !== 'console') return endOf(await goTo(walk, await course.lesson(slug), place, visit))
      await visit.idle()
      await walk.console(slug)
      return undefined
    },
    async pickLesson(slug) {
      const here = course.lessons.find((lesson) => lesson.slug === slug)
      return (await chooseLesson(walk, here))?.slug
    },
  }
}

function endOf(end: ReadingEnd): VisitEnd {
  return end === 'end' || end === 'left' ? undefined : end
}
