import { Exit, UsageError } from '../../common/exit.ts'
import { lessonsAhead } from '../../learner/learner.ts'
import { stayInClass } from '../class-notices.ts'
import { defineCommand } from '../command.ts'
import { flag } from '../flags.ts'
import { lessonToContinue } from '../resolve-lesson.ts'
import { walkHere } from '../walk-here.ts'
import { withSession } from '../with-session.ts'

export const command = defineCommand({
  flags: {
    advance: flag('move to the next lesson automatically'),
    json: flag('no screen: each verdict as one line of JSON'),
    poll: flag("poll the file, in case the system doesn't report changes"),
  },
  examples: [['watch 01', 'press ? there to see the keys']],
  run: async (context, [named], flags) => {
    const learner = await context.learner()
    const { course, home, progress } = learner
    const lesson = lessonToContinue(learner, named, 'watch')
    if (lesson === undefined) throw new UsageError("There's no lesson to watch.")
    const { news } = await stayInClass(context, learner)
    const settings = { advance: flags.advance, poll: flags.poll }
    await withSession(
      context,
      learner,
      async (session) => {
        if (context.canAsk && !flags.json) {
          await (await walkHere(context, { learner, session, news, ...settings })).watch(lesson.slug)
          return
        }
        const [{ redis }, { watchPlain }, { besideWorkbench }] = await Promise.all([
          session.open(),
          import('../../watch/index.ts'),
          import('../../web/workbench/beside.ts'),
        ])
        const [mine, preference] = await Promise.all([context.mine(), context.preference()])
        const stop = new AbortController()
        context.cleanups.add(() => stop.abort())
        const json = flags.json
        await watchPlain({
          course,
          way: lessonsAhead(learner),
          home,
          progress,
          redis,
          checker: session,
          slug: lesson.slug,
          mine,
          palette: context.palette,
          beside: besideWorkbench(learner, { mine, redis: preference }),
          ...settings,
          ...(news !== undefined && { news }),
          output: { write: json ? context.output.writeData : context.output.write },
          json,
          note: (sentence) => context.note(sentence),
          signal: stop.signal,
        })
      },
      { stayWarm: true },
    )
    return Exit.passed
  },
})
