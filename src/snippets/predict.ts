import type { Lesson, QuizQuestion } from '../course/index.ts'
import type { LessonProgress } from '../progress/index.ts'
import { snippetCode } from './render-snippet.ts'

/** Unanswered questions about what snippet `number` will print. */
export function openQuestionsAt(
  number: number,
  { quiz }: Pick<Lesson, 'quiz'>,
  progress: Pick<LessonProgress, 'quiz'>,
): readonly QuizQuestion[] {
  return quiz.filter((question) => question.before === number && !isAnswered(question, progress))
}

/** What is left to ask after the text: every question that wasn't answered at its snippet. */
export function openQuestions(
  { quiz }: Pick<Lesson, 'quiz'>,
  progress: Pick<LessonProgress, 'quiz'>,
): readonly QuizQuestion[] {
  return quiz.filter((question) => question.before === undefined || !isAnswered(question, progress))
}

function isAnswered({ question }: QuizQuestion, { quiz }: Pick<LessonProgress, 'quiz'>): boolean {
  return quiz.some((answered) => answered.question === question)
}

/**
 * A question that can be read anywhere: if it belongs to a snippet, it's followed by what that snippet runs, but not
 * by its output. Markdown.
 */
export function wholeQuestion(
  { question, before }: QuizQuestion,
  { snippets }: Pick<Lesson, 'snippets'>,
): string {
  const snippet = before === undefined ? undefined : snippets[before - 1]
  if (snippet === undefined) return question
  return `${question}\n\n\`\`\`\`${snippet.kind}\n${snippetCode(snippet)}\n\`\`\`\``
}
