import type { Lesson, QuizAnswer, QuizQuestion } from '../course/index.ts'
import { renderMarkdown } from '../terminal/index.ts'
import type { Walk } from './walk.ts'

/** Asks the questions of a lesson one by one, and says why an answer is right or wrong. It never keeps anybody. */
export async function askQuiz(walk: Walk, lesson: Lesson): Promise<void> {
  let right = 0
  for (const [index, question] of lesson.quiz.entries()) {
    const chosen = await askQuestion(walk, question, `Question ${index + 1} of ${lesson.quiz.length}`)
    if (chosen === 'leave') return
    const isRight = isRightChoice(question, chosen)
    if (isRight) right += 1
    const answer = chosen.map(({ text }) => text).join(' + ')
    await walk.desk.progress.record('QUIZ_ANSWERED', lesson.slug, {
      question: question.question,
      answer,
      right: isRight,
    })
    walk.ui.print(await explanation(walk, question, chosen, isRight))
  }
  walk.ui.print(`${right} of ${lesson.quiz.length} right.`)
}

async function askQuestion(
  { ui, palette }: Walk,
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

function isRightChoice({ answers }: QuizQuestion, chosen: readonly QuizAnswer[]): boolean {
  return answers.every((answer) => answer.right === chosen.includes(answer))
}

/** What was chosen with its reason; after a wrong choice the right answer, too. */
function explanation(
  { ui, palette }: Walk,
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
