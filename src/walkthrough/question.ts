import type { QuizAnswer, QuizQuestion } from '../course/index.ts'
import { renderMarkdown } from '../terminal/index.ts'
import type { Walk } from './walk.ts'

/** What it takes to ask somebody something. */
export type Asking = Pick<Walk, 'desk' | 'ui' | 'palette'>

/** Asks one question; `leave` for somebody who has had enough. */
export async function askQuestion(
  { ui, palette }: Pick<Asking, 'ui' | 'palette'>,
  { question, answers }: QuizQuestion,
  message: string,
): Promise<readonly QuizAnswer[] | 'leave'> {
  ui.print(await renderMarkdown(question, { width: ui.width, palette }))
  const choices = answers.map((answer) => ({ name: answer.text, value: answer }))
  if (answers.filter(({ right }) => right).length > 1) {
    const chosen = await ui.chooseSeveral(
      `${message} (several may be right; nothing leaves the quiz)`,
      choices,
    )
    return chosen.length === 0 ? 'leave' : chosen
  }
  const leave = { name: 'Leave the quiz', value: 'leave' } as const
  const chosen = await ui.choose<QuizAnswer | 'leave'>(message, [...choices, leave])
  return chosen === 'leave' ? chosen : [chosen]
}

/** All that is right, and nothing else. */
export function isRightChoice({ answers }: QuizQuestion, chosen: readonly QuizAnswer[]): boolean {
  return answers.every((answer) => answer.right === chosen.includes(answer))
}

/** What was chosen with its reason; after a wrong choice the right answer, too. */
export function explanation(
  { ui, palette }: Pick<Asking, 'ui' | 'palette'>,
  { answers }: QuizQuestion,
  chosen: readonly QuizAnswer[],
  isRight: boolean,
): Promise<string> {
  const shown = isRight
    ? chosen
    : [...chosen.filter(({ right }) => !right), ...answers.filter(({ right }) => right)]
  const lines = shown.map(({ text, right, explanation }) => {
    const label = right ? (isRight ? '**Right.**' : '**The right answer:**') : '**No.**'
    return `${label} ${text}\n\n${explanation}`
  })
  return renderMarkdown(lines.join('\n\n'), { width: ui.width, palette })
}
