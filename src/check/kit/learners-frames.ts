import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface Frame {
  readonly file: string
  readonly line: number
  /** As a stack shows it, with the path as the learner knows it. */
  readonly text: string
}

let learners: readonly string[] = []

/** Absolute paths of the files that the learner wrote; empty in plain Vitest. */
export function setLearnersFiles(files: readonly string[]): void {
  learners = files
}

/** The lines of a stack that are in the learner's files, after source maps. */
export function framesOf(stack: string | undefined): readonly Frame[] {
  return (stack ?? '').split('\n').flatMap((line) => {
    const [, name, where = '', row = '', column] =
      /^\s*at (?:async )?(?:(.*) \()?((?:file:\/\/)?(?:\/|[A-Za-z]:[\\/]).*?):(\d+):(\d+)\)?\s*$/.exec(
        line,
      ) ?? []
    const file = pathOf(where)
    if (file === undefined || !learners.includes(file)) return []
    const place = `${shown(file)}:${row}:${column}`
    return [{ file, line: Number(row), text: name === undefined ? `at ${place}` : `at ${name} (${place})` }]
  })
}

export function learnersFrames(stack: string | undefined): readonly string[] {
  return framesOf(stack).map(({ text }) => text)
}

/** An error may carry any text as its stack. */
function pathOf(where: string): string | undefined {
  try {
    return where.startsWith('file:') ? fileURLToPath(where) : where
  } catch {
    return undefined
  }
}

function shown(file: string): string {
  const inside = relative(process.cwd(), file)
  return inside.startsWith('..') ? file : inside
}
