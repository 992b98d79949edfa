import type { Lesson, QuizQuestion } from '../course/index.ts'
import type { Learner } from '../learner/learner.ts'
import { recordAnswer } from '../learner/quiz.ts'
import { type HtmlOptions, markdownHtml } from './markdown-html.ts'
import type { QuizReply } from './protocol.ts'

/** The indices of the chosen answers, from 0; undefined for an invalid choice. */
export function chosenAmong(question: QuizQuestion, body: unknown): readonly number[] | undefined {
  if (typeof body !== 'object' || body === null || !('chosen' in body) || !Array.isArray(body.chosen))
    return undefined
  const chosen: readonly unknown[] = body.chosen
  const known = chosen.filter(
    (one): one is number => typeof one === 'number' && question.answers[one] !== undefined,
  )
  return known.length === chosen.length && known.length > 0
    ? [...new Set(known)].toSorted((a, b) => a - b)
    : undefined
}

/** Records the answer and explains it. */
export async function answerQuestion(
  learner: Learner,
  lesson: Lesson,
  question: QuizQuestion,
  chosen: readonly number[],
  links: HtmlOptions,
): Promise<QuizReply> {
  const given = chosen.flatMap((index) => question.answers[index] ?? [])
  const right = await recordAnswer(learner, lesson, question, given)
  const answers = question.answers.map(async ({ right: isRight, explanation }, index) => ({
    chosen: chosen.includes(index),
    right: isRight,
    explanation: await markdownHtml(explanation, links),
  }))
  return { kind: 'answered', right, answers: await Promise.all(answers) }
}
