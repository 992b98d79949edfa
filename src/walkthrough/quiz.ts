import type { Lesson } from '../course/index.ts'
import { type Asking, askQuestion, explanation, isRightChoice } from './question.ts'

/** Asks the questions of a lesson one by one, and says why an answer is right or wrong. It never keeps anybody. */
export async function askQuiz(walk: Asking, lesson: Lesson): Promise<void> {
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
