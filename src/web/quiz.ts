import type { Lesson, QuizQuestion } from '../course/index.ts'
import type { ProgressLog } from '../progress/index.ts'
import { markdownHtml } from './lesson-view.ts'
import type { HtmlOptions } from './markdown-html.ts'
import type { QuizReply } from './protocol.ts'

/** The indices of the chosen answers, from 0; undefined for what is no choice among them. */
export function chosenAmong(question: QuizQuestion, body: unknown): readonly number[] | undefined {
  if (typeof body !== 'object' || body === null || !('chosen' in body) || !Array.isArray(body.chosen))
    return undefined
  const chosen: readonly unknown[] = body.chosen
  const known = chosen.filter(
    (one): one is number => typeof one === 'number' && question.answers[one] !== undefined,
  )
  return known.length === chosen.length && known.length > 0 ? [...new Set(known)].sort() : undefined
}

/** Records the answer and explains it. */
export async function answerQuestion(
  progress: ProgressLog,
  lesson: Lesson,
  question: QuizQuestion,
  chosen: readonly number[],
  links: HtmlOptions,
): Promise<QuizReply> {
  const right = question.answers.every((answer, index) => answer.right === chosen.includes(index))
  const answer = chosen.map((index) => question.answers[index]?.text ?? '').join(' + ')
  await progress.record('QUIZ_ANSWERED', lesson.slug, { question: question.question, answer, right })
  const answers = question.answers.map(async ({ right: isRight, explanation }, index) => ({
    chosen: chosen.includes(index),
    right: isRight,
    explanation: await markdownHtml(explanation, links),
  }))
  return { kind: 'answered', right, answers: await Promise.all(answers) }
}
