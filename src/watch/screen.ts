import {
  harmless,
  type Palette,
  paintLines,
  progressBar,
  renderCheck,
  renderDiff,
  renderMarkdown,
  span,
  wrap,
} from '../terminal/index.ts'
import { KEYS, type Panel, type WatchState } from './state.ts'

export interface ScreenOptions {
  /** Columns of the terminal. */
  readonly width: number
  readonly palette: Palette
}

/** The whole screen as text: where one is, how it stands, what was asked for, and the keys, always last. */
export async function renderScreen(state: WatchState, options: ScreenOptions): Promise<string> {
  const { width, palette } = options
  const parts = [header(state, options)]
  if (state.result !== undefined) parts.push(renderCheck(state.result, { width, palette }))
  if (state.checking) parts.push(palette.paint('checking …', 'cyan'))
  if (state.panel !== undefined) parts.push(await panel(state.panel, state, options))
  if (state.notice !== undefined) parts.push(text(state.notice, options))
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

function keys({ width, palette }: ScreenOptions): string {
  const spans = KEYS.flatMap(({ key, label }, index) => [
    span(index === 0 ? '' : '  '),
    span(key, 'bold'),
    span(` ${label}`),
  ])
  return paintLines(wrap(spans, { width }), palette)
}

function text(sentence: string, { width, palette }: ScreenOptions): string {
  return paintLines(wrap([span(harmless(sentence))], { width }), palette)
}
