import type { Lesson, QuizAnswer, QuizQuestion } from '../course/index.ts'
import { renderMarkdown } from '../terminal/index.ts'
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
  const choices = answers.map((answer) => ({ name: answer.text, value: answer }))
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

/** Whether all the right answers were chosen, and no others. */
export function isRightChoice({ answers }: QuizQuestion, chosen: readonly QuizAnswer[]): boolean {
  return answers.every((answer) => answer.right === chosen.includes(answer))
}

/** Records an answer in the progress, and returns whether it was right. */
export async function recordAnswer(
  { desk }: Pick<Asking, 'desk'>,
  { slug }: Pick<Lesson, 'slug'>,
  question: QuizQuestion,
  chosen: readonly QuizAnswer[],
): Promise<boolean> {
  const right = isRightChoice(question, chosen)
  const answer = chosen.map(({ text }) => text).join(' + ')
  await desk.progress.record('QUIZ_ANSWERED', slug, { question: question.question, answer, right })
  return right
}

/** What was chosen, with its reason; after a wrong choice, the right answer too. Markdown. */
export function explanation(
  { answers }: QuizQuestion,
  chosen: readonly QuizAnswer[],
  isRight: boolean,
): string {
  const shown = isRight
    ? chosen
    : [...chosen.filter(({ right }) => !right), ...answers.filter(({ right }) => right)]
  const lines = shown.map(({ text, right, explanation }) => {
    const label = right ? (isRight ? '**Right.**' : '**The right answer:**') : '**No.**'
    return `${label} ${text}\n\n${explanation}`
  })
  return lines.join('\n\n')
}
