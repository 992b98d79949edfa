import { readFile } from 'node:fs/promises'
import type { CheckResult } from '../check/index.ts'
import type { Course } from '../course/index.ts'
import { type Home, nextHint, revealSolution } from '../learner/index.ts'
import type { ProgressLog } from '../progress/index.ts'
import { stateWord } from '../terminal/index.ts'
import type { Panel } from './state.ts'

/** What panels are made from. A hint or a solution that is shown is recorded in the progress. */
export interface PanelSource {
  readonly course: Course
  readonly home: Home
  readonly progress: ProgressLog
}

export const helpPanel: Panel = {
  title: 'Help',
  kind: 'markdown',
  text: `Write in your own editor and save. The verdict appears here automatically.

- \`h\` shows the next hint for the first task that fails; press it again for the one after that.
- \`t\` steps through what the last failing check did in Redis, command by command.
- \`s\` shows the solution, \`d\` compares your file with it; both ask first if you haven't passed yet.
- \`n\` and \`p\` go to the next and the previous lesson; nothing moves on its own.
- \`e\` opens your file in the editor that \`$VISUAL\` or \`$EDITOR\` names.
- \`r\` runs the check again. \`x\` starts the lesson over and keeps a copy of your file.
- \`q\` or Ctrl-C quits; everything is where you left it when you come back.`,
}

/** All lessons with their state, the watched one marked. */
export function listPanel({ course, progress }: PanelSource, here: string): Panel {
  const overview = progress.overview()
  const lines = course.lessons.map(
    ({ slug, title, number }) =>
      `${slug === here ? '>' : ' '} ${number} ${title} · ${stateWord(overview.lesson(slug).state)}`,
  )
  return { title: 'Lessons', kind: 'plain', text: lines.join('\n') }
}

/** The next hint for the first task that didn't pass, below the hints shown before. */
export async function hintPanel(
  { course, progress }: PanelSource,
  slug: string,
  result: CheckResult | undefined,
): Promise<Panel> {
  const lesson = await course.lesson(slug)
  const failing = result?.tasks.find(({ state }) => state === 'failed' || state === 'not reached')
  const hint = nextHint(lesson, progress.overview().lesson(slug), {
    ...(failing !== undefined && { firstFailing: failing.task }),
  })
  switch (hint.kind) {
    case 'hint':
      await progress.record('HINT_REVEALED', slug, { task: hint.taskNumber, step: hint.step })
      return {
        title: `Hint ${hint.step} of ${hint.of} · ${hint.task}`,
        kind: 'markdown',
        text: [...hint.earlier, hint.text].join('\n\n'),
      }
    case 'no more': {
      const end = 'There are no more hints for this task. `s` shows the solution.'
      return {
        title: `All hints · ${hint.task}`,
        kind: 'markdown',
        text: [...hint.earlier, end].join('\n\n'),
      }
    }
  }
}

export async function solutionPanel(source: PanelSource, slug: string): Promise<Panel> {
  const text = await revealSolution(source, slug)
  return { title: 'One good answer', kind: 'markdown', text: `\`\`\`ts\n${text}\n\`\`\`` }
}

export async function diffPanel(source: PanelSource, slug: string): Promise<Panel> {
  const theirs = await revealSolution(source, slug)
  const mine = await readFile(source.home.answer(slug), 'utf8').catch(() => '')
  return { title: 'Yours and the solution', kind: 'diff', mine, theirs }
}
