import { readFile } from 'node:fs/promises'
import { shownPath } from '../common/shown-path.ts'
import type { Lesson } from '../course/index.ts'
import { NO_OTHER_WAYS, otherWays, revealSolution } from '../learner/index.ts'
import { taskAtHand } from '../learner/last-check.ts'
import { assertStarted } from '../learner/own-answer.ts'
import { renderDiff, renderMarkdown } from '../terminal/index.ts'
import { readLesson, type VisitOptions } from './read-lesson.ts'
import type { ReadingEnd } from './ui.ts'
import type { Walk } from './walk.ts'
import { whereText } from './where.ts'

/** What can be read about a lesson, each on pages of its own. */
export type Place = 'read' | 'task' | 'where' | 'diff' | 'solution' | 'others'

/** Shows a place, and resolves with how the learner left it. Throws NotStartedError. */
export async function goTo(
  walk: Walk,
  lesson: Lesson,
  place: Place,
  options: VisitOptions = {},
): Promise<ReadingEnd> {
  const { learner, ui, palette } = walk
  const show = (render: (width: number) => Promise<string>) =>
    ui.read(async (width) => [{ text: await render(width) }], {
      hasKeys: true,
      ...(options.signal && { signal: options.signal }),
    })
  const markdown = (text: Parameters<typeof renderMarkdown>[0]) =>
    show((width) => renderMarkdown(text, { width, palette }))
  switch (place) {
    case 'read': {
      const end = await readLesson(walk, lesson, options)
      // Only a reader who got to the end has read it.
      if (end === 'end') await learner.progress.record('LESSON_READ', lesson.slug, {})
      return end
    }
    case 'task': {
      const task = taskAtHand(learner, lesson) ?? lesson.tasks[0]
      return task === undefined ? 'end' : await markdown(task.text)
    }
    case 'where':
      return await markdown(await whereText(walk, lesson))
    case 'solution':
      return await markdown(code(await revealSolution(learner, lesson.slug)))
    case 'others':
      return await markdown((await otherWays(learner, lesson)) ?? NO_OTHER_WAYS)
    case 'diff': {
      assertStarted(learner, lesson.slug)
      const file = learner.home.answer(lesson.slug)
      const [mine, theirs] = [await readFile(file, 'utf8'), await revealSolution(learner, lesson.slug)]
      const names = { mineName: shownPath(file), theirsName: `solutions/${lesson.slug}.ts` }
      return await show((width) => renderDiff(mine, theirs, { width, palette, ...names }))
    }
  }
}

function code(text: string): string {
  return `\`\`\`\`ts\n${text.trimEnd()}\n\`\`\`\``
}
