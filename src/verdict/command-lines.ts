import type { CommandRecord, Commands } from '../check/index.ts'
import {
  collidingRows,
  collisionOf,
  fromCommands,
  type LaneView,
  laneView,
  type Recording,
  type Run,
} from '../recording/index.ts'
import { laneHeading, laneLines } from '../terminal/lanes.ts'
import type { Palette } from '../terminal/palette.ts'
import type { Line } from '../terminal/text.ts'
import { cut, lineWidth, span } from '../terminal/text.ts'
import { wrap } from '../terminal/wrap.ts'

/** How the evidence is shown. */
export interface Details {
  readonly width: number
  readonly palette: Palette
  readonly verbose: boolean
  /** Lanes beside each other, where they fit. */
  readonly sideBySide: boolean
  /** How to step through the commands, as a sentence. */
  readonly stepThrough?: string | undefined
  /** What shows the rest: a flag, or a key. */
  readonly more?: string | undefined
  /** Lines for the commands. If there are few, the lanes have only what collided. */
  readonly room?: number
}

/** How many commands are shown without --verbose. */
const FEW = 8
/** For a long list, the beginning and the end, where the error was found. */
const FIRST = 2
const LAST = 5
/** Minimum width of a shown command, in columns; if there's less room, remarks about it go on the next line. */
const MOST_CUT = 20

/** Maximum number of steps in lanes without --verbose. */
const FEW_STEPS = 16
/** The same where there's less and less room. */
const FEWER_STEPS = [10, 7]

/**
 * What the answer sent to Redis, with replies: in lanes if several callers took part or something collided, and with
 * --verbose in full. The `order` knows who the callers were, even if they shared a connection.
 */
export function commandLines(sent: Commands, details: Details, order?: Recording): readonly Line[] {
  if (sent.commands.length === 0) return []
  const run = inLanes(sent, order)
  if (run === undefined) return listOf(sent, details)
  return details.verbose ? [...lanesOf(run, details), ...listOf(sent, details)] : lanesOf(run, details)
}

function inLanes({ commands, leftOut }: Commands, order: Recording | undefined): Run | undefined {
  const isOne = new Set(commands.map(({ client }) => client)).size === 1
  if (order !== undefined) {
    return isOne && order.lanes.length === 1 && order.collision === undefined ? undefined : order
  }
  if (isOne) return undefined
  const run = fromCommands(commands, leftOut)
  const collision = collisionOf(run)
  return { ...run, ...(collision && { collision }) }
}

function lanesOf(run: Run, details: Details): readonly Line[] {
  const { verbose, room = Number.POSITIVE_INFINITY } = details
  if (verbose) return linesOf(laneView(run), details, false)
  const usual = linesOf(laneView(run, FEW_STEPS), details)
  if (usual.length <= room) return usual
  for (const most of FEWER_STEPS) {
    const lines = linesOf(laneView(run, most), details)
    if (lines.length <= room) return lines
  }
  if (run.collision === undefined) return usual
  const { stepThrough, ...rest } = details
  const colliding = collidingRows(laneView(run), run.collision)
  const lines = linesOf(colliding, rest, true)
  if (lines.length <= room) return lines
  const { key, ...unnamed } = colliding
  const options = { ...rest, indent: INDENT }
  const bare = [[], ...laneLines(unnamed, options)]
  const names = laneHeading(unnamed, options).length
  return bare.length <= room ? bare : [[], ...bare.slice(1 + names)]
}

const INDENT = 2

function linesOf(
  view: LaneView,
  details: Details,
  isCut = view.rows.some(({ kind }) => kind === 'gap'),
): readonly Line[] {
  const { width, palette, sideBySide, stepThrough, more = '--verbose' } = details
  const hint = isCut ? ` (more with ${more})` : ''
  const what = view.lanes.length > 1 ? 'What the clients did' : 'What the code did'
  return [
    [],
    ...headingOf(what, 'in the order Redis executed it', hint, width),
    ...laneLines(view, { width, palette, sideBySide, indent: INDENT }),
    ...(stepThrough === undefined ? [] : wrap(span(stepThrough, 'dim'), { width, first: '  ' })),
  ]
}

function listOf({ commands, leftOut }: Commands, details: Details): readonly Line[] {
  const severalClients = new Set(commands.map(({ client }) => client)).size > 1
  const all = details.verbose || commands.length <= FEW
  const lines: Line[] = []
  let missing = 0
  const gap = () => {
    if (missing > 0) lines.push([span(`    … ${missing} more command${missing === 1 ? '' : 's'}`, 'dim')])
    missing = 0
  }
  for (const [index, record] of commands.entries()) {
    if (index === leftOut?.after) missing += leftOut.count
    if (all || isTelling(index, commands)) {
      gap()
      lines.push(...exchange(record, severalClients, details))
    } else missing += 1
  }
  const hint = all ? '' : ` (more with ${details.more ?? '--verbose'})`
  return [[], ...headingOf('Its commands', 'in the order Redis executed them', hint, details.width), ...lines]
}

/** On one line, where that's possible: a low screen keeps only the first. */
function headingOf(what: string, order: string, hint: string, width: number): readonly Line[] {
  const lines = (text: string) => wrap(span(text, 'dim'), { width, first: '  ' })
  const whole = lines(`${what}, ${order}${hint}:`)
  return whole.length === 1 ? whole : lines(`${what}, in order${hint}:`)
}

/** Beginning and end, and where the check stepped in, with the command before it. */
function isTelling(index: number, commands: readonly CommandRecord[]): boolean {
  const held = commands.findIndex((command) => command.held)
  return (
    index < FIRST ||
    index >= commands.length - LAST ||
    (held !== -1 && (index === held || index === held - 1))
  )
}

function exchange(record: CommandRecord, severalClients: boolean, details: Details): readonly Line[] {
  const { command, reply, client } = record
  const { width, palette, verbose } = details
  const first = [span('    '), ...(severalClients ? [span(`client ${client}  `, 'dim')] : [])]
  const remark = remarkOn(record)
  const room = Math.max(MOST_CUT, width - lineWidth(first) - lineWidth(remark))
  const text = verbose ? command : cut(span(command).text, room, palette)
  const look = /^(\(error|no reply|not sent|never sent)/.test(reply) ? ('red' as const) : ('green' as const)
  return [
    ...wrap([span(text, 'cyan'), span(remark, 'dim')], { width, first }),
    ...wrap(span(reply, look), { width, first: ' '.repeat(lineWidth(first) + 2) }),
  ]
}

function remarkOn({ held, about }: CommandRecord): string {
  if (held) return about ? '  (held by the check; order uncertain)' : '  (held by the check)'
  return about ? '  (order uncertain)' : ''
}
