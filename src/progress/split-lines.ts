import { isWhole } from './contents.ts'

const LINE_FEED = 10
const BYTE_ORDER_MARK = '\uFEFF'

export interface Split {
  readonly lines: readonly string[]
  /** How many bytes the lines took. */
  readonly bytes: number
  /** How many line ends were among them. */
  readonly lineEnds: number
  /** The last of the lines has no line end. */
  readonly open: boolean
  /** What follows the lines and isn't an event: a truncated line, or one that's being written right now. */
  readonly torn: Buffer | undefined
}

/**
 * Cuts what was read into lines. `\r\n` and a byte order mark (Windows) are left out; bytes are counted as they are
 * in the file.
 */
export function splitLines(chunk: Buffer, atStart: boolean): Split {
  const end = chunk.lastIndexOf(LINE_FEED) + 1
  const lines = end === 0 ? [] : withoutMark(chunk.toString('utf8', 0, end), atStart).split('\n')
  // There's nothing after the last line end.
  lines.pop()
  const lineEnds = lines.length
  const rest = chunk.subarray(end)
  const restText = withoutMark(rest.toString('utf8'), atStart && end === 0)
  const blank = restText.trim() === ''
  if (!blank && !isWhole(restText)) return { lines, bytes: end, lineEnds, open: false, torn: rest }
  if (!blank) lines.push(restText)
  return { lines, bytes: chunk.length, lineEnds, open: rest.length > 0, torn: undefined }
}

function withoutMark(text: string, atStart: boolean): string {
  return atStart && text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text
}
