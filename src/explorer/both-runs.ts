import { type Line, lineWidth, span } from '../terminal/index.ts'
import type { Explorer } from './model.ts'
import { explorerScreen, keysScreen, type ScreenSize, scrolledWithin } from './screen.ts'
import { scrolledWholeStep, wholeStepScreen } from './whole-step.ts'

/** From this many columns on, each of two runs has nearly as many as a usual terminal. */
const WIDE = 150
/** Columns between the two. */
const BETWEEN = 3

/** The run, and the other one beside it if there's room: yours on the left, the model solution's on the right. */
export function bothRuns(explorer: Explorer, other: Explorer | undefined, size: ScreenSize): readonly Line[] {
  if (explorer.showsKeys) return keysScreen(size)
  if (explorer.showsWhole) return wholeStepScreen(explorer, size)
  if (other === undefined || size.width < WIDE) return explorerScreen(explorer, size)
  const between = span(size.palette.unicode ? ' │ ' : ' | ', 'dim')
  const { left, right } = halvesOf(size)
  const aside = { ...other, filter: explorer.filter }
  const halves = explorer.isModel ? [aside, explorer] : [explorer, aside]
  const [own, model] = halves.map((half, index) =>
    explorerScreen(half, { ...size, width: index === 0 ? left : right, isAside: half === aside }),
  )
  return Array.from({ length: size.height }, (_, index) => {
    const line = own?.[index] ?? []
    const padding = span(' '.repeat(Math.max(0, left - lineWidth(line))))
    return [...line, padding, between, ...(model?.[index] ?? [])]
  })
}

/** Scrolled no farther than the screen shows, so that the key for the other direction has an effect right away. */
export function scrolledOnScreen(
  explorer: Explorer,
  other: Explorer | undefined,
  size: ScreenSize,
): Explorer {
  if (explorer.scrolled === undefined || explorer.showsKeys) return explorer
  if (explorer.showsWhole) return { ...explorer, scrolled: scrolledWholeStep(explorer, size) }
  const { left, right } = halvesOf(size)
  const width = other === undefined || size.width < WIDE ? size.width : explorer.isModel ? right : left
  return { ...explorer, scrolled: scrolledWithin(explorer, { ...size, width }) }
}

function halvesOf({ width }: ScreenSize) {
  const left = Math.floor((width - BETWEEN) / 2)
  return { left, right: width - BETWEEN - left }
}
