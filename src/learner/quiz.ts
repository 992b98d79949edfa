import type { Lesson, QuizAnswer, QuizQuestion } from '../course/index.ts'
import type { Learner } from './learner.ts'

/** Whether all the right answers were chosen, and no others. */
export function isRightChoice({ answers }: QuizQuestion, chosen: readonly QuizAnswer[]): boolean {
  return answers.every((answer) => answer.right === chosen.includes(answer))
}

/** Records an answer in the progress, and returns whether it was right. */
export async function recordAnswer(
  learner: Pick<Learner, 'progress'>,
  { slug }: Pick<Lesson, 'slug'>,
  question: QuizQuestion,
  chosen: readonly QuizAnswer[],
): Promise<boolean> {
  const right = isRightChoice(question, chosen)
  const answer = chosen.map(({ text }) => text).join(' + ')
  await learner.progress.record('QUIZ_ANSWERED', slug, { question: question.question, answer, right })
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
    const label = right ? (isRight ? '✓ **Right.**' : '✓ **The right answer:**') : '✗ **You said:**'
    return `${label} ${text}\n\n${explanation}`
  })
  return lines.join('\n\n')
}
