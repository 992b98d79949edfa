import { type Line, laneLines, lanePainter, type Palette, span, wrap } from '../terminal/index.ts'
import { keyLines } from './key-lines.ts'
import { type Explorer, goTo, NO_STEPS, viewsOf } from './model.ts'

/** All steps as an ordered list, with what each of them changed: for a pipe, and for a screen reader. */
export function explorerList(
  opened: Explorer,
  { width, palette }: { readonly width: number; readonly palette: Palette },
): readonly Line[] {
  const { recording, lanes } = opened
  const { lesson, task, test, engine, failure, note } = recording
  const options = { width, palette, sideBySide: false }
  const { rows, paint } = lanePainter(lanes, options)
  const { sentence, ...others } = lanes
  let explorer = goTo(opened, 0)
  const steps = rows.flatMap((row) => {
    if (!('n' in row)) return [paint(row)]
    explorer = goTo(explorer, explorer.at + 1)
    const changed = viewsOf({ ...explorer, filter: '' })
      .filter(({ sign }) => sign !== ' ')
      .map((view) => ({ ...view, lines: view.lines.filter(({ sign }) => sign !== ' ') }))
    const indented = keyLines(changed, { width: width - INDENT.length, palette, short: false })
    return [paint(row), ...indented.map(({ line }) => [span(INDENT), ...line()])]
  })
  const known = [failure?.diagnosis, note, rows.length === 0 ? NO_STEPS : undefined].filter(
    (text) => text !== undefined,
  )
  return [
    ...wrap(span(`${lesson} · ${task} · ${test}`, 'bold'), { width }),
    ...wrap(span(engine, 'dim'), { width }),
    ...known.flatMap((text) => [[], ...wrap(text, { width })]),
    [],
    ...laneLines({ ...others, rows: [] }, options),
    ...steps,
    ...(sentence === undefined ? [] : laneLines({ lanes: [], rows: [], sentence }, options)),
  ]
}

const INDENT = ' '.repeat(6)
