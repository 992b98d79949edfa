import type { Lesson, QuizAnswer, QuizQuestion } from '../course/index.ts'
import { explanation, recordAnswer } from '../learner/quiz.ts'
import { wholeQuestion } from '../snippets/predict.ts'
import { plainText, renderMarkdown } from '../terminal/index.ts'
import type { Walk } from './walk.ts'

/** What it takes to ask someone a question. */
export type Asking = Pick<Walk, 'learner' | 'ui' | 'palette'>

/**
 * Asks the questions of a lesson, or the given ones among them, one by one, and says why an answer is right or wrong.
 * The learner can always leave.
 */
export async function askQuiz(
  walk: Asking,
  lesson: Lesson,
  questions: Lesson['quiz'] = lesson.quiz,
): Promise<void> {
  const { ui, palette } = walk
  let right = 0
  for (const [index, question] of questions.entries()) {
    const asked = { text: wholeQuestion(question, lesson), answers: question.answers }
    // The next question may push what was said about the last one out of view.
    const soFar = index === 0 ? '' : ` · ${right} of ${index} right so far`
    const chosen = await askQuestion(walk, asked, `Question ${index + 1} of ${questions.length}${soFar}`)
    if (chosen === 'leave') return ui.say(leftAfter(index, right))
    const isRight = await recordAnswer(walk.learner, lesson, question, chosen)
    if (isRight) right += 1
    ui.print(await renderMarkdown(explanation(question, chosen, isRight), { width: ui.width, palette }))
  }
  ui.say(`${right} of ${questions.length} right.`)
}

/** What's kept of a quiz that the learner left. */
function leftAfter(answered: number, right: number): string {
  if (answered === 0) return 'You left the quiz. Nothing was answered.'
  const kept = answered === 1 ? 'Your answer is' : 'Your answers are'
  return `You left the quiz. ${right} of ${answered} right so far. ${kept} saved.`
}

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
  const leave = { name: `Leave ${leaves}`, value: 'leave', key: 'q' } as const
  const chosen = await ui.choose<QuizAnswer | 'leave'>(message, [...choices, leave])
  return chosen === 'leave' ? chosen : [chosen]
}
