import type { QuizAnswer, QuizQuestion } from '../course/index.ts'
import { plainText, renderMarkdown } from '../terminal/index.ts'
import type { Walk } from './walk.ts'

/** What it takes to ask someone a question. */
export type Asking = Pick<Walk, 'desk' | 'ui' | 'palette'>

/**
 * Asks one question; returns `leave` if the learner has had enough. `text` is Markdown and appears above the answers.
 */
export async function askQuestion(
  { ui, palette }: Pick<Asking, 'ui' | 'palette'>,
  { text, answers }: { readonly text: string; readonly answers: QuizQuestion['answers'] },
  message: string,
  leaves = 'the quiz',
): Promise<readonly QuizAnswer[] | 'leave'> {
  ui.print(await renderMarkdown(text, { width: ui.width, palette }))
  const choices = await Promise.all(
    answers.map(async (answer) => ({ name: await plainText(answer.text), value: answer })),
  )
  if (answers.filter(({ right }) => right).length > 1) {
    const chosen = await ui.chooseSeveral(
      `${message} (several may be right; choose none to leave ${leaves})`,
      choices,
    )
    return chosen.length === 0 ? 'leave' : chosen
  }
  const leave = { name: `Leave ${leaves}`, value: 'leave' } as const
  const chosen = await ui.choose<QuizAnswer | 'leave'>(message, [...choices, leave])
  return chosen === 'leave' ? chosen : [chosen]
}
