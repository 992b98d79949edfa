import type { Hono } from 'hono'
import type { CheckResult } from '../../check/index.ts'
import { Turns } from '../../common/turns.ts'
import type { LessonSummary } from '../../course/index.ts'
import type { CheckSession } from '../../learner/check-session.ts'
import type { Learner } from '../../learner/learner.ts'
import type { Assets } from '../assets.ts'
import { linksOf } from '../links.ts'
import { markdownHtml } from '../markdown-html.ts'
import { readerApp } from '../reader.ts'
import { newRunner } from '../runner.ts'
import { type Access, newAccess } from './access.ts'
import { Benches } from './benches.ts'
import { addWorkbench } from './routes.ts'
import { type Settings, settingsOf } from './settings.ts'
import { addSnippets } from './snippets.ts'

export interface WorkbenchAppOptions extends Settings {
  readonly learner: Learner
  readonly session: CheckSession
  /** Another address at which a browser may see the pages. */
  readonly origin?: string | undefined
  /** Opens a file in the learner's own editor. */
  edit?(file: string, line: number): Promise<void>
  /** How long a snippet may run. Default: 20. */
  readonly snippetSeconds?: number
  /** What a pass means, as Markdown. */
  passedText?(lesson: LessonSummary, result: CheckResult): Promise<string>
}

export interface WorkbenchApp {
  readonly app: Hono
  readonly access: Access
  /** Stops everything that it started; the session is the caller's. */
  close(): Promise<void>
}

/** Everything that the workbench serves: the reader's pages, with an editor in those of lessons. */
export function workbenchApp(options: WorkbenchAppOptions, assets: Assets): WorkbenchApp {
  const { learner, session, origin, mine, edit, passedText, snippetSeconds } = options
  const settings = settingsOf(learner.course, options)
  const { course } = learner
  const access = newAccess(origin)
  const turns = new Turns()
  const runner = newRunner({
    course,
    mine,
    turns,
    borrow: async () => (await session.open()).redis,
    replace: session.replace,
    ...(snippetSeconds !== undefined && { seconds: snippetSeconds }),
  })
  const benches = new Benches({
    learner,
    session,
    turns,
    mine,
    hasEditor: edit !== undefined,
    beforeEmptying: () => runner.startOver(),
    ...(passedText && {
      meaningOf: async (lesson, result) =>
        markdownHtml(await passedText(lesson, result), linksOf(course, lesson.slug)),
    }),
  })
  const app = readerApp({
    learner,
    assets,
    runner,
    workbench: {
      guards: access.guards,
      add(to) {
        addSnippets(to, { course, runner })
        addWorkbench(to, { learner, access, benches, settings, ...(edit && { edit }) })
      },
    },
  })
  return {
    app,
    access,
    async close() {
      benches.close()
      await runner.close()
    },
  }
}
