import type { Lesson } from '../course/index.ts'

/** The number of words to read, without hints, quiz, code, drawings in indented blocks, and speaker notes. */
export function countWords(lesson: Lesson): number {
  const prose = [lesson.intro, ...lesson.tasks.map(({ text }) => text), lesson.outro]
    .join('\n\n')
    .replace(/^(`{3,}|~{3,}).*\n[\s\S]*?^\1\s*$/gm, '')
    .replace(/^ {4,}.*$/gm, '')
    .replace(/<!--.*?-->/gs, '')
  return prose.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length
}
