import { framesOf } from '../kit/learners-frames.ts'

/** The first line of a stack that is in one of the learner's files. */
export function placeIn(stack: string | undefined): { file: string; line: number } | undefined {
  const [first] = framesOf(stack)
  return first === undefined ? undefined : { file: first.file, line: first.line }
}

/** Where `name` is defined in the answer's text; the place to look when no stack helps. */
export function definitionOf(name: string, source: string): number | undefined {
  const plain = /^[\w$]+/.exec(name.replace(/^.*\./, ''))?.[0]
  if (plain === undefined) return undefined
  const pattern = new RegExp(
    `(?:function\\*?|const|let|class|async|static)\\s+${plain}\\b|^\\s*(?:readonly\\s+)?${plain}\\s*[(=<]`,
  )
  const index = source.split('\n').findIndex((line) => pattern.test(line))
  return index === -1 ? undefined : index + 1
}
