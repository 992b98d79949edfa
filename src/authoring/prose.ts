import { type Lesson, readerText } from '../course/index.ts'
import { widthOf } from '../terminal/index.ts'

/** The number of words to read, without hints, quiz, code, drawings, and speaker notes. */
export function countWords(lesson: Lesson): number {
  const prose = readerText(lesson).filter(({ type }) => type === 'inline')
  const words = prose.flatMap(({ content }) => content.split(/\s+/))
  return words.filter((word) => /[\p{L}\p{N}]/u.test(word)).length
}

/** A terminal of 80 columns shows code with an indentation of two. */
export const MOST_COLUMNS = 78

/** The lines that such a terminal breaks: those of drawings, which then can't be read, and those of code. */
export function wideLines(lesson: Lesson): Readonly<Record<'drawings' | 'code', readonly string[]>> {
  // Lanes get another form on a narrow terminal.
  const blocks = readerText(lesson).filter(
    ({ type, info }) => /^(fence|code_block)$/.test(type) && !/^lanes\b/.test(info),
  )
  const wideIn = (some: typeof blocks) =>
    some.flatMap(({ content }) => content.split('\n')).filter((line) => widthOf(line) > MOST_COLUMNS)
  return {
    drawings: wideIn(blocks.filter(({ info }) => info.trim() === '')),
    code: wideIn(blocks.filter(({ info }) => info.trim() !== '')),
  }
}
