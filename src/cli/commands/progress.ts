import { Exit } from '../../common/exit.ts'
import { isPassed } from '../../progress/index.ts'
import { progressPage } from '../../walkthrough/progress-page.ts'
import { defineCommand } from '../command.ts'
import { json } from '../flags.ts'

export const command = defineCommand({
  flags: {
    json,
  },
  examples: [
    ['progress', 'chapter by chapter'],
    ['progress export mine.jsonl', 'then on the other machine: progress import mine.jsonl'],
  ],
  run: async (context, _args, flags) => {
    const learner = await context.learner()
    if (!flags.json) {
      context.print(progressPage(learner, context))
      return Exit.passed
    }
    const overview = learner.progress.overview()
    const lessons = learner.course.lessons.map(({ slug, title, chapter }) => ({
      title,
      chapter,
      ...overview.lesson(slug),
    }))
    context.printJson({
      current: overview.current ?? null,
      passed: lessons.filter(isPassed).length,
      total: lessons.length,
      placement: overview.placement ?? null,
      lessons,
    })
    return Exit.passed
  },
})
