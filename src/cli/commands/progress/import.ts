import { existsSync } from 'node:fs'
import { Exit } from '../../../common/exit.ts'
import { answersBeside, importAnswers } from '../../../learner/index.ts'
import type { Learner } from '../../../learner/learner.ts'
import { isPassed } from '../../../progress/index.ts'
import { defineCommand } from '../../command.ts'

export const command = defineCommand({
  flags: {},
  examples: [['progress import mine.jsonl', "progress that's already here counts once"]],
  run: async (context, [file = '']) => {
    const learner = await context.learner()
    const { added, known } = await learner.progress.importFrom(file)
    const here = known === 0 ? '' : ` ${known} ${known === 1 ? 'was' : 'were'} already here.`
    context.print(
      added === 0
        ? `Nothing new in ${file}.${here}`
        : `${added} new ${added === 1 ? 'event' : 'events'} from ${file}.${here}`,
    )
    const folder = answersBeside(file)
    const { copied, kept } = await importAnswers(learner.course, learner.home, folder)
    if (copied > 0) context.print(`${copied} ${copied === 1 ? 'answer' : 'answers'} from ${folder}.`)
    if (kept.length > 0) context.print(`Your own files were kept: ${kept.join(', ')}.`)
    const missing = withoutAnswer(learner)
    if (missing.length > 0) {
      context.print(
        `You've passed ${new Intl.ListFormat('en').format(missing)}, but the answers aren't here. Copy workspace/ from the other machine, too.`,
      )
    }
    return Exit.passed
  },
})

/** Lessons that count as passed although their file isn't on this machine. */
function withoutAnswer({ course, home, progress }: Learner): readonly string[] {
  const overview = progress.overview()
  return course.lessons
    .filter(({ slug }) => isPassed(overview.lesson(slug)) && !existsSync(home.answer(slug)))
    .map(({ slug }) => slug)
}
