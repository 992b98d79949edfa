import { type Lesson, readerText } from '../course/index.ts'

/** The number of words to read, without hints, quiz, code, drawings, and speaker notes. */
export function countWords(lesson: Lesson): number {
  const prose = readerText(lesson).filter(({ type }) => type === 'inline')
  const words = prose.flatMap(({ content }) => content.split(/\s+/))
  return words.filter((word) => /[\p{L}\p{N}]/u.test(word)).length
}
