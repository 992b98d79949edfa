import {
  cut,
  escapeControls,
  type Line,
  lineWidth,
  markdownLines,
  type Palette,
  paintLines,
  progressBar,
  type Style,
  span,
  wrap,
} from '../terminal/index.ts'
import { yesOrNo } from '../terminal/menu-theme.ts'
import { type CheckPieces, checkInPieces } from '../verdict/index.ts'
import { type Cuttable, fitted } from './fit.ts'
import { shownKeys, type WatchState } from './state.ts'

/** Longer lines are hard to read, however wide the terminal. */
const WIDEST = 100

export interface ScreenOptions {
  /** Columns and rows of the terminal. */
  readonly width: number
  readonly height: number
  readonly palette: Palette
  /** The learner has left: no keys work here anymore, and what's printed next goes right below. */
  readonly isOver?: boolean
}

/** A block of the screen, in the order of the screen. The blocks with the lowest rank get their room first. */
interface Block extends Cuttable {
  readonly rank: number
  /** Cuts the block to this many lines if it can. */
  within?(room: number): readonly Line[]
}

/** Below this, in rows, every line counts. */
const SMALL = 22
/** A hint's title, and the line that says where the rest is. */
const LEAST_HINT = 2
/** Maximum lines of an expected or received value, where there's room for it. */
const VALUE_LINES = 12

/**
 * The whole screen as text, never higher than the terminal. The verdict comes first: which task failed and why, what
 * was expected, and what was received. A hint and the commands get the room that's left, and the keys are last.
 */
export async function renderScreen(state: WatchState, terminal: ScreenOptions): Promise<string> {
  const { height, palette } = terminal
  const options = { ...terminal, width: Math.min(WIDEST, terminal.width) }
  const isSmall = height < SMALL
  const gap: readonly Line[] = isSmall ? [] : [[]]
  const top = [...header(state, options), ...gap]
  const { isOver = false } = terminal
  const bottom = isOver ? [] : [...gap, ...footer(state, options, terminal.width, isSmall)]
  const room = Math.max(1, height - top.length - bottom.length)
  const middle = (await verdict(state, options, room)).slice(0, room)
  const below = isOver ? [] : Array.from({ length: room - middle.length }, (): Line => [])
  return paintLines([...top, ...middle, ...below, ...bottom].slice(0, height), palette)
}

function header(state: WatchState, { width, palette }: ScreenOptions): readonly Line[] {
  const { slug, title, done, total, track } = state
  const bar = [
    ...progressBar(done, total, Math.min(20, Math.max(5, width - 60)), palette),
    span(` passed${track === undefined ? '' : ` · track ${track}`}`),
  ]
  const name = cut(`${slug.slice(0, 2)} ${title}`, Math.max(8, width - lineWidth(bar) - 2), palette)
  return [[span(name, 'bold'), span('  '), ...bar]]
}

async function verdict(state: WatchState, options: ScreenOptions, room: number): Promise<readonly Line[]> {
  const { width, palette } = options
  const where = wrap([span(`${state.file} · ${state.redis}`, 'dim')], { width })
  const limits = state.limits === undefined ? [] : text(state.limits, options, 'dim')
  const about = [...where, ...limits]
  const panel = await panelLines(state, options)
  if (state.result === undefined) {
    const waiting = state.checking ? [[span(checkingWord(palette), 'cyan')]] : []
    return arranged([keepFirst(about, 3), keepFirst(waiting, 0), keepFirst(panel, 1, 3)], room)
  }
  const at = state.checkedAt === undefined ? {} : { at: timeOf(state.checkedAt) }
  const pieces = checkInPieces(state.result, {
    width,
    palette,
    stepThrough: 'Press t to step through it.',
    more: 'm',
    ...at,
  })
  const heading = state.checking
    ? [[...(pieces.heading[0] ?? []), span(` ${checkingWord(palette)}`, 'cyan')]]
    : pieces.heading
  const passed = state.passed === undefined ? [] : await markdownLines(state.passed, { width, palette })
  const blocks: readonly Block[] = [
    keepFirst(about, 7),
    keepFirst(heading, 0),
    keepFirst(pieces.tasks, 5),
    keepFirst(
      state.result.passed
        ? passed
        : whyFailed(
            pieces,
            room - heading.length - 1 - (panel.length > 0 ? LEAST_HINT + 1 : 0),
            panel.length > 0,
          ),
      0,
      2,
    ),
    keepFirst(panel, 1, 1),
    {
      lines: pieces.recording(Number.POSITIVE_INFINITY),
      within: pieces.recording,
      keep: 'last',
      least: 4,
      rank: 2,
    },
    keepFirst(pieces.output, 3, 2),
    keepFirst(pieces.notes, 4),
    keepFirst(state.warning === undefined ? [] : text(state.warning, options, 'dim'), 4),
  ]
  return arranged(blocks, room)
}

/** The sentence and its evidence; long values are cut where the screen is low. */
function whyFailed(
  { diagnosis, evidence, recording }: CheckPieces,
  room: number,
  hasPanel: boolean,
): readonly Line[] {
  const isAlone = !hasPanel && recording(room).length === 0
  const first = isAlone ? VALUE_LINES : Math.min(VALUE_LINES, Math.max(2, Math.floor(room / 8)))
  for (let most = first; most > 0; most -= 1) {
    const lines = [...diagnosis, ...(evidence(most).length > 0 ? [[]] : []), ...evidence(most)]
    if (lines.length <= room) return lines
  }
  return [...diagnosis, ...evidence(1)]
}

function keepFirst(lines: readonly Line[], rank: number, least: number = lines.length): Block {
  return { lines, keep: 'first', least, rank }
}

/** Stacks the blocks with a blank line between them. If they don't all fit, those that matter most get their lines first. */
function arranged(blocks: readonly Block[], room: number): readonly Line[] {
  const there = blocks.filter(({ lines }) => lines.length > 0)
  const shown = new Map<Block, readonly Line[]>()
  let left = room
  for (const block of there.toSorted((a, b) => a.rank - b.rank)) {
    const between = shown.size === 0 ? 0 : 1
    const room = left - between
    const isLong = block.lines.length > room
    const lines = fitted(isLong && block.within ? { ...block, lines: block.within(room) } : block, room, 'm')
    // What comes first in rank is shown however little room there is.
    const kept = lines.length === 0 && block.rank === 0 ? block.lines.slice(0, Math.max(0, room)) : lines
    if (kept.length === 0) continue
    shown.set(block, kept)
    left -= kept.length + between
  }
  return there
    .filter((block) => shown.has(block))
    .flatMap((block, index): readonly Line[] => {
      const lines = shown.get(block) ?? []
      return index === 0 ? lines : [[], ...lines]
    })
}

async function panelLines(state: WatchState, { width, palette }: ScreenOptions): Promise<readonly Line[]> {
  if (state.panel === undefined) return []
  const title: Line = [span(state.panel.title, 'bold', 'underline')]
  return [title, ...(await markdownLines(state.panel.text, { width, palette }))]
}

/** What just happened, news, and the keys or the question that's open. */
function footer(
  state: WatchState,
  options: ScreenOptions,
  columns: number,
  isSmall: boolean,
): readonly Line[] {
  const { notice, news, question, result } = state
  return [
    ...(notice === undefined ? [] : text(notice, options)),
    ...(news === undefined ? [] : newsLines(news, options)),
    ...(question === undefined
      ? keyLines(columns, shownKeys(isSmall, result))
      : yesOrNo([span(escapeControls(question.text), 'bold')], options.width, 'bold')),
  ]
}

/** A key and its word stay together. */
function keyLines(width: number, keys: ReturnType<typeof shownKeys>): readonly Line[] {
  const lines: Line[] = []
  for (const { key, label } of keys) {
    const entry: Line = [span(key, 'bold'), span(` ${label}`)]
    const last = lines.at(-1)
    if (last !== undefined && lineWidth(last) + 2 + lineWidth(entry) <= width) {
      lines[lines.length - 1] = [...last, span('  '), ...entry]
    } else lines.push(entry)
  }
  return lines
}

/** Right above the keys, which are always in view. */
function newsLines(sentence: string, { width }: ScreenOptions): readonly Line[] {
  return wrap([span(escapeControls(sentence), 'bold'), span('  (any key clears this)', 'dim')], { width })
}

function text(sentence: string, { width }: ScreenOptions, ...styles: readonly Style[]): readonly Line[] {
  return wrap([span(escapeControls(sentence), ...styles)], { width })
}

function checkingWord({ unicode }: Palette): string {
  return unicode ? 'checking …' : 'checking ...'
}

/** As on the learner's own clock. */
function timeOf(at: Date): string {
  const two = (n: number) => String(n).padStart(2, '0')
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`
}
