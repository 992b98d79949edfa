import { isInClass } from '../classroom/member/files.ts'
import { lastRunFile } from '../learner/last-run.ts'
import type { Learner } from '../learner/learner.ts'
import type { News } from '../watch/state.ts'
import { programFile } from './command.ts'
import type { Context } from './context.ts'

/** After a command: sends what it recorded, and shows news from the class. Waits for nothing. */
export async function tellClass(context: Context): Promise<void> {
  const learner = await context.openedLearner()
  if (learner === undefined || context.env.EVENTLINGS_SENDER || !isInClass(learner.home.log)) return
  const { afterCommand } = await import('../classroom/member/after-command.ts')
  const { course, home, progress } = learner
  const env = { ...context.env, EVENTLINGS_SENDER: '1' }
  const { log: folder, answer } = home
  const files = { folder, answer, lastRun: lastRunFile(home) }
  for (const news of afterCommand({ ...files, course, progress, program: programFile, env }))
    context.note(news)
}

/** What the class reports while a program stays open. */
export interface ClassNews {
  news?(tell: (news: News) => void): void
}

/** While a program stays open, sends what happens in it, and lets it show news from the class. */
export async function stayInClass(context: Context, learner: Learner): Promise<ClassNews> {
  if (!isInClass(learner.home.log)) return {}
  const [{ keepSending }, { keepAnswers }, { keepRun }, { readMembership }, { freshNews, lessonNames }] =
    await Promise.all([
      import('../classroom/member/background.ts'),
      import('../classroom/member/answers.ts'),
      import('../classroom/member/runs.ts'),
      import('../classroom/member/membership.ts'),
      import('../classroom/member/after-command.ts'),
    ])
  const { home, progress, course } = learner
  let tell: ((news: News) => void) | undefined
  let told = ''
  const lookAround = () => {
    if (readMembership(home.log)?.share) {
      keepAnswers(home.log, progress, home.answer)
      keepRun(home.log, progress, lastRunFile(home))
    }
    if (tell === undefined) return
    const { lines, seen } = freshNews(home.log, lessonNames(course))
    const text = lines.join(' ')
    if (text === told) return
    told = text
    tell({ text, seen })
  }
  context.cleanups.add(keepSending({ folder: home.log, progress }, lookAround))
  return {
    news(to) {
      tell = to
      told = ''
    },
  }
}
