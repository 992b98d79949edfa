import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { filesOf, type Lesson } from '../course/index.ts'
import { revealSolution } from '../learner/index.ts'
import { taskAtHand } from '../learner/last-check.ts'
import { type Learner, shownPath } from '../learner/learner.ts'
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
      return await markdown(await otherWays(learner, lesson))
    case 'diff': {
      assertStarted(learner, lesson.slug)
      const file = learner.home.answer(lesson.slug)
      const [mine, theirs] = [await readFile(file, 'utf8'), await revealSolution(learner, lesson.slug)]
      const names = { mineName: shownPath(file), theirsName: `solutions/${lesson.slug}.ts` }
      return await show((width) => renderDiff(mine, theirs, { width, palette, ...names }))
    }
  }
}

/** Answers that were written in other ways, for learners who passed. */
export async function otherWays(
  { course }: Pick<Learner, 'course'>,
  { slug, number }: Pick<Lesson, 'slug' | 'number'>,
): Promise<string> {
  const folder = filesOf(course, slug).rightAnswers
  const names = await rightAnswers(course, slug)
  const texts = await Promise.all(names.map((name) => readFile(path.join(folder, `${name}.ts`), 'utf8')))
  const parts = names.map((name, index) => `## ${titleOf(name)}\n\n${code(texts[index] ?? '')}`)
  if (parts.length === 0) return 'This copy of the course has only the model solution.'
  return [`# Other ways to do lesson ${number}`, ...parts].join('\n\n')
}

/** The names of the right answers that come with the course; none if it came without its tests. */
export async function rightAnswers(course: Learner['course'], slug: string): Promise<readonly string[]> {
  const names = await readdir(filesOf(course, slug).rightAnswers).catch(() => [])
  return names
    .filter((name) => name.endsWith('.ts'))
    .map((name) => name.slice(0, -'.ts'.length))
    .sort()
}

/** `with-lua` as words. */
export function titleOf(name: string): string {
  const words = name.replaceAll('-', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

function code(text: string): string {
  return `\`\`\`\`ts\n${text.trimEnd()}\n\`\`\`\``
}
