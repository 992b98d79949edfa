import type { CheckResult } from '../check/index.ts'
import type { Course } from '../course/index.ts'
import { type Home, keysInWords, revealHint, wishAfter } from '../learner/index.ts'
import type { ProgressLog } from '../progress/index.ts'
import { type Palette, renderMarkdown } from '../terminal/index.ts'
import { renderCheck } from '../verdict/index.ts'
import { KEYS, type Panel, type WatchState } from './state.ts'

/** What panels are made from. A hint or a solution that is shown is recorded in the progress. */
export interface PanelSource {
  readonly course: Course
  readonly home: Home
  readonly progress: ProgressLog
}

export interface TextView {
  readonly width: number
  readonly palette: Palette
}

export function helpText(view: TextView): Promise<string> {
  const text = `# Keys

Write in your own editor and save. The verdict appears here automatically.

${keysInWords(KEYS)}`
  return renderMarkdown(text, view)
}

/** What the screen may have had no room for: the hint, then the whole verdict, and what a pass means. */
export function everything({ panel, result, passed, title, redis }: WatchState) {
  return async (view: TextView): Promise<string> => {
    const parts = [
      ...(panel === undefined ? [] : [await renderMarkdown(`## ${panel.title}\n\n${panel.text}`, view)]),
      result === undefined
        ? "There's no verdict yet."
        : renderCheck(result, {
            ...view,
            sideBySide: true,
            title,
            redis,
            verbose: true,
            next: 'q goes back to the watch screen',
          }),
      ...(passed === undefined ? [] : [await renderMarkdown(passed, view)]),
    ]
    return parts.join('\n\n')
  }
}

/** The next hint for the first task that didn't pass, below the hints shown before. */
export async function hintPanel(
  { course, progress }: PanelSource,
  slug: string,
  result: CheckResult | undefined,
): Promise<Panel> {
  const lesson = await course.lesson(slug)
  const hint = await revealHint({ progress }, lesson, wishAfter(result))
  switch (hint.kind) {
    case 'hint':
      // The newest one first, because the others may find no room.
      return {
        title: `Hint ${hint.step} of ${hint.of} · ${hint.task}`,
        text: [hint.text, ...(hint.earlier.length > 0 ? ['*Before that:*'] : []), ...hint.earlier].join(
          '\n\n',
        ),
      }
    case 'no more': {
      const end = "You've seen all the hints for this task; `s` shows the solution. Here are the hints again:"
      return { title: `All hints · ${hint.task}`, text: [end, ...hint.earlier].join('\n\n') }
    }
  }
}
