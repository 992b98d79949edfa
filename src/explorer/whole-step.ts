import { type CommandStep, markOf, type Step, show } from '../recording/index.ts'
import { type Line, span, wrap } from '../terminal/index.ts'
import { keyLines } from './key-lines.ts'
import { type Explorer, viewsOf } from './model.ts'
import { type ScreenSize, title } from './screen.ts'

const FOOT = 'Left and right step, j and k scroll. Any other key goes back to all steps.'

/** The current step with nothing cut off: its command, the reply, and what it changed. */
export function wholeStepScreen(explorer: Explorer, size: ScreenSize): readonly Line[] {
  const { height } = size
  const { foot, lines, room, from } = partsOf(explorer, size)
  const shown = lines.slice(from, from + room)
  const empty = Array.from({ length: room - shown.length }, (): Line => [])
  return [title(explorer, size), [], ...shown, ...empty, ...foot].slice(0, height)
}

/** How far the step is scrolled on the screen, which ends at its last line. */
export function scrolledWholeStep(explorer: Explorer, size: ScreenSize): number {
  return partsOf(explorer, size).from
}

function partsOf(explorer: Explorer, size: ScreenSize) {
  const { width, height } = size
  const foot = wrap(span(FOOT, 'dim'), { width })
  const lines = wholeStep(explorer, size)
  const room = Math.max(1, height - 2 - foot.length)
  const from = Math.max(0, Math.min(explorer.scrolled ?? 0, lines.length - room))
  return { foot, lines, room, from }
}

function wholeStep(explorer: Explorer, { width, palette }: ScreenSize): readonly Line[] {
  const { recording, at } = explorer
  const step = recording.steps[at - 1]
  if (step === undefined) return wrap('This is before the first step.', { width })
  const lane = 'lane' in step ? recording.lanes.find(({ id }) => id === step.lane)?.role : undefined
  const place = step.kind === 'command' && step.place ? `${step.place.file}:${step.place.line}` : undefined
  const about = [lane, place, markOf(step.n, recording.collision)].filter((part) => part !== undefined)
  const reply = step.kind === 'command' ? replyTo(step, explorer) : ''
  const changed = viewsOf({ ...explorer, filter: '' })
    .filter(({ sign }) => sign !== ' ')
    .map((view) => ({ ...view, lines: view.lines.filter(({ sign }) => sign !== ' ') }))
  return [
    ...(about.length === 0 ? [] : wrap(span(about.join(' · '), 'dim'), { width })),
    ...whatOf(step).flatMap((text) => wrap(span(text, 'cyan'), { width, first: '  ' })),
    ...(reply === '' ? [] : wrap(span(reply, 'green'), { width, first: palette.unicode ? '→ ' : '> ' })),
    [],
    ...keyLines(changed, { width, palette, short: false }).flatMap((line) => line.whole()),
  ]
}

/** If there's none, the lanes say why. */
function replyTo({ n, reply }: CommandStep, { lanes }: Explorer): string {
  if (reply !== undefined) return show(reply)
  return lanes.rows.flatMap((row) => (row.kind === 'command' && row.n === n ? row.reply : [])).join()
}

/** One string for each command. */
function whatOf(step: Step): readonly string[] {
  switch (step.kind) {
    case 'command':
      return [step.args.map(show).join(' ')]
    case 'message':
      return [`message on ${step.channel}: ${show(step.text)}`]
    case 'server':
      return [`server: ${step.cause}`]
    case 'check':
      return step.sent === undefined ? [step.what] : step.sent.map((args) => args.map(show).join(' '))
  }
}
