import {
  harmless,
  type Line,
  lineWidth,
  type Palette,
  paintLines,
  progressBar,
  renderDiff,
  renderMarkdown,
  span,
  wrap,
} from '../terminal/index.ts'
import { renderCheck } from '../verdict/index.ts'
import { KEYS, type Panel, type WatchState } from './state.ts'

export interface ScreenOptions {
  /** Columns of the terminal. */
  readonly width: number
  readonly palette: Palette
}

/** The whole screen as text: the lesson, its verdict, what the learner asked for, and the keys, always last. */
export async function renderScreen(state: WatchState, options: ScreenOptions): Promise<string> {
  const { width, palette } = options
  const parts = [header(state, options)]
  if (state.result !== undefined) {
    const next = state.result.passed ? 'n moves on to the next lesson' : 'h shows a hint'
    parts.push(
      renderCheck(state.result, {
        width,
        palette,
        sideBySide: true,
        stepThrough: 'Press t to step through it.',
        title: state.title,
        next,
      }),
    )
  }
  if (state.warning !== undefined) parts.push(text(state.warning, options, 'dim'))
  if (state.checking) parts.push(palette.paint('checking …', 'cyan'))
  if (state.panel !== undefined) parts.push(await panel(state.panel, state, options))
  if (state.notice !== undefined) parts.push(text(state.notice, options))
  if (state.news !== undefined) parts.push(news(state.news, options))
  parts.push(
    state.question === undefined
      ? keys(options)
      : text(`${state.question.text} y = yes, any other key = no`, options),
  )
  return `${parts.join('\n\n')}\n`
}

function header(state: WatchState, { width, palette }: ScreenOptions): string {
  const { slug, title, done, total, file, redis, limits } = state
  const lines = [
    [
      span(`${slug.slice(0, 2)} ${title}`, 'bold'),
      span('  '),
      ...progressBar(done, total, Math.min(20, Math.max(5, width - 40)), palette),
      span(' passed'),
    ],
    ...wrap([span(`${file} · ${redis}`, 'dim')], { width }),
    ...(limits === undefined ? [] : wrap([span(limits, 'dim')], { width })),
  ]
  return paintLines(lines, palette)
}

async function panel(shown: Panel, state: WatchState, { width, palette }: ScreenOptions): Promise<string> {
  const title = palette.paint(shown.title, 'bold', 'underline')
  switch (shown.kind) {
    case 'plain':
      return `${title}\n${shown.text}`
    case 'markdown':
      return `${title}\n\n${await renderMarkdown(shown.text, { width, palette })}`
    case 'diff': {
      const names = { mineName: state.file, theirsName: `solutions/${state.slug}.ts` }
      return `${title}\n\n${await renderDiff(shown.mine, shown.theirs, { width, palette, ...names })}`
    }
  }
}

/** A key and its word stay together. */
function keys({ width, palette }: ScreenOptions): string {
  const lines: Line[] = []
  for (const { key, label } of KEYS) {
    const entry: Line = [span(key, 'bold'), span(` ${label}`)]
    const last = lines.at(-1)
    if (last !== undefined && lineWidth(last) + 2 + lineWidth(entry) <= width) {
      lines[lines.length - 1] = [...last, span('  '), ...entry]
    } else lines.push(entry)
  }
  return paintLines(lines, palette)
}

/** Right above the keys, which are always in view. */
function news(sentence: string, { width, palette }: ScreenOptions): string {
  const line = [span(harmless(sentence), 'bold'), span('  (any key clears this)', 'dim')]
  return paintLines(wrap(line, { width }), palette)
}

function text(sentence: string, { width, palette }: ScreenOptions, ...styles: 'dim'[]): string {
  return paintLines(wrap([span(harmless(sentence), ...styles)], { width }), palette)
}
