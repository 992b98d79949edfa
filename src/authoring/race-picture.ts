import { parseMarkdown } from '../markdown/parse.ts'
import { collisionOf, laneView, type Recording } from '../recording/index.ts'
import type { LaneOptions } from '../terminal/lane-layout.ts'
import { laneHeading, lanePainter } from '../terminal/lanes.ts'
import { palette } from '../terminal/palette.ts'
import { textOf } from '../terminal/text.ts'

/** A code block of a lesson, marked `lanes ANSWER` or `lanes ANSWER › TASK`: what this answer's clients did. */
export interface RacePicture {
  /** `starter`, or the name of a mistake. */
  readonly answer: string
  /** Default: the first task that fails. */
  readonly task: string | undefined
  readonly text: string
  /** The line of the lesson's Markdown, counted from 0, where the text begins. */
  readonly line: number
}

/** With the column of times, which the picture leaves out: 74 columns are left. */
const WIDTH = 82
const MOST_STEPS = 16

export async function racePictures(markdown: string): Promise<readonly RacePicture[]> {
  return (await parseMarkdown(markdown)).flatMap(({ type, info, content, map }) => {
    const [, answer, task] = /^lanes ([a-z0-9-]+)(?: › (.+))?$/.exec(info.trim()) ?? []
    if (type !== 'fence' || answer === undefined) return []
    return [{ answer, task, text: content.trimEnd(), line: (map?.[0] ?? 0) + 1 }]
  })
}

/**
 * The lanes of a recording as plain text that's the same for every run: no times, IDs that count from 1 in the order of
 * the real ones, and no random keys.
 */
export function drawRace(recording: Recording): string {
  const run = withoutChance(recording)
  const collision = run.collision ?? collisionOf(run)
  const view = laneView({ ...run, ...(collision && { collision }) }, MOST_STEPS)
  const options: LaneOptions = {
    width: WIDTH,
    palette: palette({ unicode: true, colours: false }),
    sideBySide: true,
  }
  const { rows, paint } = lanePainter(view, options)
  const lanes = [...laneHeading(view, options), ...rows.map(paint)].map((line) => withoutTime(textOf(line)))
  const key = view.key === undefined ? [] : [view.key]
  const sentence =
    view.sentence === undefined ? [] : [`✗ ${view.sentence.replace(/([.,]) (?=Step|because)/g, '$1\n  ')}`]
  return [...key, ...lanes, ...sentence].map((line) => line.trimEnd()).join('\n')
}

/** Number and time come first: `12    0.3  XLEN`. */
function withoutTime(line: string): string {
  return line.slice(0, 2) + line.slice(8)
}

const CLOCK_ID = /\b1[6-9]\d{11}-\d+\b/g
/** 32 random bytes as base64. */
const SECRET_KEY = /(?<![A-Za-z\d+/])[A-Za-z\d+/]{43}=/g

function withoutChance({ lanes, steps, ...rest }: Recording): Recording {
  const text = JSON.stringify({ steps: steps.map((step) => ({ ...step, at: 0 })), lanes, ...rest })
  const ids = [...new Set(text.match(CLOCK_ID))].sort()
  const keys = [...new Set(text.match(SECRET_KEY))]
  return JSON.parse(
    text
      .replace(CLOCK_ID, (id) => `1700000000${String(ids.indexOf(id) + 1).padStart(3, '0')}-0`)
      .replace(SECRET_KEY, (key) => `(key ${keys.indexOf(key) + 1})`),
  )
}
