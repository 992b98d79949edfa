import type { Lesson, QuizQuestion } from '../course/index.ts'
import { snippetCode } from '../playground/render-snippet.ts'
import type { LessonProgress } from '../progress/index.ts'

/** Questions about what snippet `number` will print that nobody has answered yet. */
export function openQuestionsAt(
  number: number,
  { quiz }: Pick<Lesson, 'quiz'>,
  progress: Pick<LessonProgress, 'quiz'>,
): readonly QuizQuestion[] {
  return quiz.filter((question) => question.before === number && !isAnswered(question, progress))
}

/** What is left to ask behind the text: all but what was answered at its snippet. */
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
 * A question as it can be read anywhere: below one that belongs to a snippet stands what that snippet runs, but not what
 * comes back. Markdown.
 */
export function wholeQuestion(
  { question, before }: QuizQuestion,
  { snippets }: Pick<Lesson, 'snippets'>,
): string {
  const snippet = before === undefined ? undefined : snippets[before - 1]
  if (snippet === undefined) return question
  return `${question}\n\n\`\`\`\`${snippet.kind}\n${snippetCode(snippet)}\n\`\`\`\``
}
