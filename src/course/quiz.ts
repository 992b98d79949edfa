import type { Document, ListItem, Section } from './document.ts'
import { blocksBetween, mistake, textBetween, withoutBlankEnds } from './document.ts'
import type { QuizAnswer, QuizQuestion, Snippet } from './lesson.ts'

export interface PlacedQuiz {
  readonly questions: readonly QuizQuestion[]
  readonly from: number
  readonly to: number
}

/** The section "Quiz", or undefined if the lesson has none; `snippets` are the lesson's. Throws BadLessonError. */
export function parseQuiz(document: Document, snippets: readonly Snippet[]): PlacedQuiz | undefined {
  const quiz = document.sections.find(({ level, title }) => level === 2 && /^quiz$/i.test(title))
  if (!quiz) return undefined
  const questions = document.sections
    .filter(({ level, heading }) => level === 3 && heading > quiz.heading && heading < quiz.to)
    .map((section) => parseQuestion(document, section, snippets))
  if (questions.length === 0) {
    throw mistake(
      document,
      'quiz',
      quiz.heading,
      'The quiz has no questions. Start one with "### <question>?".',
    )
  }
  return { questions, from: quiz.heading, to: quiz.to }
}

function parseQuestion(document: Document, section: Section, snippets: readonly Snippet[]): QuizQuestion {
  const { before, textFrom } = placeOf(document, section, snippets)
  const blocks = blocksBetween(document, section.from, section.to)
  const list = blocks.at(-1)
  if (list?.kind !== 'bullets') {
    const wanted = 'End the question with its answers: "- [ ] wrong" and "- [x] right".'
    throw mistake(document, 'quiz', section.heading, `"${section.title}" has no list of answers. ${wanted}`)
  }
  const answers = list.items.map((item) => parseAnswer(document, item))
  if (answers.length < 2) {
    throw mistake(
      document,
      'quiz',
      list.line,
      `"${section.title}" needs at least two answers to choose from.`,
    )
  }
  if (!answers.some(({ right }) => right)) {
    const problem = `"${section.title}" has no right answer. Mark it with "- [x]".`
    throw mistake(document, 'quiz', list.line, problem)
  }
  const more = textBetween(document, textFrom, list.line)
  const question = more === '' ? section.title : `${section.title}\n\n${more}`
  return { question, answers, ...(before !== undefined && { before }) }
}

/** The optional line "Before: snippet N" directly below the heading. */
function placeOf(
  document: Document,
  { title, from, to }: Section,
  snippets: readonly Snippet[],
): { before: number | undefined; textFrom: number } {
  const first = document.lines.findIndex((line, index) => index >= from && line.trim() !== '')
  const [, written] = /^before:(.*)$/i.exec(document.lines[first] ?? '') ?? []
  if (written === undefined || first >= to) return { before: undefined, textFrom: from }
  const [, number] = /^ *snippet (\d+)$/.exec(written.trimEnd()) ?? []
  if (snippets[Number(number) - 1] !== undefined) return { before: Number(number), textFrom: first + 1 }
  const known = snippets.length === 0 ? 'no snippets' : `the snippets 1 to ${snippets.length}`
  const problem =
    number === undefined
      ? `The question "${title}" belongs before a snippet: write "Before: snippet 2".`
      : `The question "${title}" should come before snippet ${number}, but the lesson has ${known}.`
  throw mistake(document, 'quiz', first, problem)
}

function parseAnswer(document: Document, { line, lines }: ListItem): QuizAnswer {
  const [, mark, text] = /^\[([ xX])\] +(\S.*)$/.exec(lines[0] ?? '') ?? []
  if (mark === undefined || text === undefined) {
    throw mistake(
      document,
      'quiz',
      line,
      `An answer starts with "- [ ]" if it's wrong, with "- [x]" if it's right.`,
    )
  }
  return { text, right: mark !== ' ', explanation: dedented(withoutBlankEnds(lines.slice(1))) }
}

/** Authors indent as far as the answer's text, after its box; four leftover spaces would make it code. */
function dedented(lines: readonly string[]): string {
  const indents = lines.filter((line) => line.trim() !== '').map((line) => line.search(/\S/))
  return lines.map((line) => line.slice(Math.min(...indents))).join('\n')
}
