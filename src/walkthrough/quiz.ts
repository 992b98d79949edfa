import type { Lesson } from '../course/index.ts'
import { explanation, recordAnswer } from '../learner/quiz.ts'
import { wholeQuestion } from '../snippets/predict.ts'
import { renderMarkdown } from '../terminal/index.ts'
import { type Asking, askQuestion } from './question.ts'

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
    const chosen = await askQuestion(walk, asked, `Question ${index + 1} of ${questions.length}`)
    if (chosen === 'leave') return
    const isRight = await recordAnswer(walk.desk, lesson, question, chosen)
    if (isRight) right += 1
    ui.print(await renderMarkdown(explanation(question, chosen, isRight), { width: ui.width, palette }))
  }
  ui.print(`${right} of ${questions.length} right.`)
}
