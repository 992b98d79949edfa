import { collidingSteps, type KeyView, namingQueued, type Recording, type Row } from '../recording/index.ts'
import {
  cut,
  type Line,
  laneHeading,
  lanePainter,
  lineWidth,
  type Palette,
  padded,
  span,
  styled,
  widthOf,
  wrap,
} from '../terminal/index.ts'
import { fitting } from './fitting.ts'
import { keyLines, type PaintedLine } from './key-lines.ts'
import { KEYS } from './keys.ts'
import { divide, linesInView, windowWith } from './layout.ts'
import { type Explorer, NO_STEPS, viewsOf } from './model.ts'

export interface ScreenSize {
  readonly width: number
  readonly height: number
  readonly palette: Palette
  /** Beside the run that the keys step through. */
  readonly isAside?: boolean
}

/** The whole screen, in at most `height` lines: the commands above, the keys after the current step below. */
export function explorerScreen(explorer: Explorer, size: ScreenSize): readonly Line[] {
  const { head, rule, foot, inSight, paint, keys, firstKey, room, keysRoom } = partsOf(explorer, size)
  const keysInView = unfolded(keys.slice(firstKey, firstKey + keysRoom), room - inSight.length)
  return [
    ...head,
    ...namingQueued(inSight).map((row, index) => paint(row, inSight[index])),
    ...rule,
    ...keysInView,
    ...Array.from({ length: Math.max(0, room - inSight.length - keysInView.length) }, (): Line => []),
    ...foot,
  ]
    .slice(0, size.height)
    .map((line) => fitting(line, size))
}

/** How far the keys are scrolled on the screen, which ends at the first key and at the last. */
export function scrolledWithin(explorer: Explorer, size: ScreenSize): number {
  const { firstKey, inView } = partsOf(explorer, size)
  return firstKey - inView
}

function partsOf(explorer: Explorer, size: ScreenSize) {
  const { height } = size
  const isLow = height < LOW
  const head = [
    title(explorer, size),
    ...(isLow ? [] : [...remark(explorer, size), ...heading(explorer, size)]),
  ]
  const foot: readonly Line[] = size.isAside
    ? [[span('m switches to this run', 'dim')]]
    : footer(explorer, size, isLow)
  const hasKeys = explorer.recording.depth === 'changes'
  const rule = hasKeys ? [keysTitle(explorer, size)] : []
  const { rows, paint } = commandRows(explorer, size)
  const room = height - head.length - foot.length - rule.length
  const heightsFor = (keys: KeyRows) => divide(room, { rows: rows.length, keys: keys.lines.length })
  const views = hasKeys ? viewsOf(explorer) : []
  const all = hasKeys ? keyRows(explorer, views, size, false) : { lines: [], from: 0, to: 0 }
  const isShort = explorer.filter === '' && heightsFor(all).keys < all.lines.length
  const { lines: keys, from, to } = isShort ? keyRows(explorer, views, size, true) : all
  const heights = heightsFor({ lines: keys, from, to })
  const current = rows.findIndex((row) => 'n' in row && row.n === currentStep(explorer))
  const inSight = rowsInView(explorer, rows, Math.max(0, current), heights.rows)
  const inView = windowWith(from, to, heights.keys, keys.length)
  const firstKey = Math.max(0, Math.min(inView + (explorer.scrolled ?? 0), keys.length - heights.keys))
  return { head, rule, foot, inSight, paint, keys, inView, firstKey, room, keysRoom: heights.keys }
}

/** What each key does, instead of the run, until any key. */
export function keysScreen({ width, height, palette }: ScreenSize): readonly Line[] {
  const list = KEYS.flatMap((entry) =>
    wrap([span(inCharset(entry.key, palette), 'bold'), span(` ${entry.does}`)], {
      width,
      first: palette.unicode ? '• ' : '* ',
    }),
  )
  const lines = [[span('Keys', 'bold')], [], ...list]
  return [...lines.slice(0, height - 2), [], [span('Any key goes back to the steps.', 'dim')]]
}

function inCharset(key: string, { unicode }: Palette): string {
  return unicode ? key : key.replace('←→', '<>')
}

const INDENT = 2
/** With fewer lines than this, the steps and the keys need all of them. */
const LOW = 16

/** What was recorded, and how far it has been stepped through. */
export function title({ recording, at, isModel }: Explorer, { width, palette, isAside }: ScreenSize): Line {
  const { lesson, task, test, steps } = recording
  const progress = steps.length === 0 ? 'no steps' : progressOf(at, steps)
  const name = cut(
    span(`${isModel ? 'Model solution · ' : ''}${lesson} · ${task} · ${test}`).text,
    width - progress.length - 2,
    palette,
  )
  return [...padded([span(name, isAside ? 'dim' : 'bold')], width - progress.length), span(progress, 'dim')]
}

function progressOf(at: number, steps: Recording['steps']): string {
  if (at === 0) return `before step ${steps[0]?.n ?? 1}`
  return `step ${steps[at - 1]?.n} of ${steps.at(-1)?.n ?? 0}`
}

/** What collided, or why there's less to see than there should be. */
function remark({ lanes, recording, notice }: Explorer, { width, palette }: ScreenSize): readonly Line[] {
  const cross = span(`${palette.unicode ? '✗' : 'x'} `, 'red')
  const sentence =
    lanes.sentence === undefined ? [] : wrap(span(lanes.sentence, 'bold'), { width, first: [cross] })
  const general = recording.note ?? (recording.steps.length === 0 ? NO_STEPS : undefined)
  const isShown = notice !== undefined && notice === lanes.sentence
  const other = isShown ? undefined : (notice ?? general)
  return [...sentence, ...(other === undefined ? [] : wrap(span(other, 'dim'), { width }))]
}

function laneOptions({ width, palette }: ScreenSize) {
  return { width, palette, sideBySide: true, indent: INDENT }
}

function heading({ lanes }: Explorer, size: ScreenSize): readonly Line[] {
  const { key } = lanes
  const names = laneHeading(lanes, laneOptions(size))
  return key === undefined
    ? names
    : [[span('  key ', 'dim'), span(cut(span(key).text, size.width - 6, size.palette), 'bold')], ...names]
}

function currentStep({ recording, at }: Explorer): number | undefined {
  return recording.steps[at - 1]?.n
}

/** The current step is marked, and what hasn't happened yet is dim. */
function commandRows(explorer: Explorer, size: ScreenSize) {
  const current = currentStep(explorer) ?? 0
  const { rows, paint } = lanePainter(explorer.lanes, laneOptions(size))
  const pointer = span(size.palette.unicode ? '▶ ' : '> ', 'bold', 'cyan')
  const end = rows.findIndex((row) => 'n' in row && row.n > current)
  return {
    rows,
    /** One row, which may be another form of one of `rows`. */
    paint(row: Row, of: Row = row): Line {
      const line = paint(row)
      if ('n' in row && row.n === current) return [pointer, ...styled(line.slice(1), 'bold')]
      return end !== -1 && rows.indexOf(of) >= end ? dimmed(line) : line
    },
  }
}

/** The rows around the current step and, however far away they are, what collided and how long the check held it. */
function rowsInView(
  { recording }: Explorer,
  rows: readonly Row[],
  current: number,
  room: number,
): readonly Row[] {
  const collided = collidingSteps(recording.collision)
  const always = rows.flatMap((row, index) => ('n' in row && collided.includes(row.n) ? [index] : []))
  const held = rows.flatMap(({ kind }, index) =>
    (kind === 'held' || kind === 'released') && index < (always.at(-1) ?? 0) ? [index] : [],
  )
  const withHeld = linesInView(current, [...always, ...held], room, rows.length)
  const lines = always.every((index) => withHeld.includes(index))
    ? withHeld
    : linesInView(current, always, room, rows.length)
  let last: number | undefined
  return lines.flatMap((index) => {
    const missing = last === undefined ? [] : rows.slice(last + 1, index)
    last = index
    const steps = missing.filter((row) => 'n' in row).length
    const row = rows.slice(index, index + 1)
    return steps === 0 ? row : [{ kind: 'gap', steps, waiting: [] } as const, ...row]
  })
}

function dimmed(line: Line): Line {
  return line.map(({ text }) => span(text, 'dim'))
}

function keysTitle({ at, recording, filter, typing }: Explorer, { width, palette }: ScreenSize): Line {
  const step = recording.steps[at - 1]
  const when = step === undefined ? 'The keys before the first step' : `The keys after step ${step.n}`
  const place = step?.kind === 'command' && step.place ? `, ${step.place.file}:${step.place.line}` : ''
  const only = filter === '' ? '' : `, only with "${filter}" (Esc shows all)`
  const all = `${when}${typing === undefined ? `${only}${place}` : `, /${typing}_`}`
  const text = cut(span(all).text, width - 4, palette)
  const rule = palette.unicode ? '─' : '-'
  return [span(`${rule} ${text} ${rule.repeat(Math.max(0, width - widthOf(text) - 3))}`, 'dim')]
}

interface KeyRows {
  readonly lines: readonly PaintedLine[]
  /** The first and the last of them that changed. */
  readonly from: number
  readonly to: number
}

/** `short`: most of what didn't change is left out, because there's no room for it. */
function keyRows(
  { filter, at }: Explorer,
  views: readonly KeyView[],
  { width, palette }: ScreenSize,
  short: boolean,
): KeyRows {
  if (views.length === 0) {
    const sentence =
      filter === '' ? (at === 0 ? 'The database is empty.' : 'There are no keys.') : 'No key contains that.'
    const line: Line = [span(`  ${sentence}`, 'dim')]
    return { lines: [{ line: () => line, whole: () => [line], isChanged: false }], from: 0, to: 0 }
  }
  const painted = keyLines(views, { width, palette, short })
  const from = Math.max(
    0,
    painted.findIndex(({ isChanged }) => isChanged),
  )
  const to = Math.max(
    0,
    painted.findLastIndex(({ isChanged }) => isChanged),
  )
  return { lines: painted, from, to }
}

/** In lines that would stay empty, what changed has nothing cut off. */
function unfolded(lines: readonly PaintedLine[], room: number): readonly Line[] {
  let spare = room - lines.length
  return lines.flatMap((line) => {
    const whole = line.isChanged && spare > 0 ? line.whole() : []
    if (whole.length < 2 || whole.length - 1 > spare) return [line.line()]
    spare -= whole.length - 1
    return whole
  })
}

/** A key and its word stay together. On a low screen, there's one line of keys, and the last of them always leaves. */
function footer({ typing }: Explorer, { width, palette }: ScreenSize, isLow: boolean): readonly Line[] {
  if (typing !== undefined)
    return [[span(cut('Type a part of the key. Enter keeps it, Esc shows all keys.', width, palette), 'dim')]]
  const entries = KEYS.flatMap(({ key, label }): readonly Line[] =>
    label === undefined ? [] : [[span(inCharset(key, palette), 'bold'), span(` ${label}`)]],
  )
  const beside = (line: Line, entry: Line): Line =>
    line.length === 0 ? entry : [...line, span('  '), ...entry]
  const quit = entries.at(-1) ?? []
  if (isLow) {
    const fits = (line: Line) => lineWidth(beside(line, quit)) <= width
    const others = entries.slice(0, -1).reduce((line, entry) => {
      const longer = beside(line, entry)
      return fits(longer) ? longer : line
    }, [] as Line)
    return [beside(others, quit)]
  }
  const lines: Line[] = []
  for (const entry of entries) {
    const last = lines.at(-1)
    if (last !== undefined && lineWidth(last) + 2 + lineWidth(entry) <= width) {
      lines[lines.length - 1] = beside(last, entry)
    } else lines.push(entry)
  }
  return lines
}
