import type { Document, Section } from './document.ts'
import { mistake, sections, textBetween, withoutBlankEnds } from './document.ts'
import type { QuizAnswer, QuizQuestion } from './lesson.ts'
import type { ListItem } from './list-items.ts'
import { blocksBetween } from './list-items.ts'

export interface PlacedQuiz {
  readonly questions: readonly QuizQuestion[]
  readonly from: number
  readonly to: number
}

/** The section "Quiz", or undefined if the lesson has none. Throws BadLessonError. */
export function parseQuiz(document: Document): PlacedQuiz | undefined {
  const all = sections(document)
  const quiz = all.find(({ level, title }) => level === 2 && /^quiz$/i.test(title))
  if (!quiz) return undefined
  const questions = all
    .filter(({ level, heading }) => level === 3 && heading > quiz.heading && heading < quiz.to)
    .map((section) => parseQuestion(document, section))
  if (questions.length === 0) {
    throw mistake(
      document,
      'quiz',
      quiz.heading,
      'The quiz has no question. Begin one with "### <question>?".',
    )
  }
  return { questions, from: quiz.heading, to: quiz.to }
}

function parseQuestion(document: Document, section: Section): QuizQuestion {
  const blocks = blocksBetween(document, section.from, section.to)
  const list = blocks.at(-1)
  if (list?.kind !== 'bullets') {
    const wanted = 'End the question with its answers: "- [ ] wrong" and "- [x] right".'
    throw mistake(document, 'quiz', section.heading, `"${section.title}" has no list of answers. ${wanted}`)
  }
  const answers = list.items.map((item) => parseAnswer(document, item))
  if (answers.length < 2) {
    throw mistake(document, 'quiz', list.line, `"${section.title}" needs two answers or more to choose from.`)
  }
  if (!answers.some(({ right }) => right)) {
    const problem = `"${section.title}" has no right answer. Mark it with "- [x]".`
    throw mistake(document, 'quiz', list.line, problem)
  }
  const more = textBetween(document, section.from, list.line)
  return { question: more === '' ? section.title : `${section.title}\n\n${more}`, answers }
}

function parseAnswer(document: Document, { line, lines }: ListItem): QuizAnswer {
  const [, mark, text] = /^\[([ xX])\] +(\S.*)$/.exec(lines[0] ?? '') ?? []
  if (mark === undefined || text === undefined) {
    throw mistake(
      document,
      'quiz',
      line,
      'An answer begins with "- [ ]" if it is wrong, with "- [x]" if right.',
    )
  }
  return { text, right: mark !== ' ', explanation: dedented(withoutBlankEnds(lines.slice(1))) }
}

/** Authors indent as far as the answer's text, behind its box; four spaces left over would make it code. */
function dedented(lines: readonly string[]): string {
  const indents = lines.filter((line) => line.trim() !== '').map((line) => line.search(/\S/))
  return lines.map((line) => line.slice(Math.min(...indents))).join('\n')
}
