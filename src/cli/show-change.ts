import { readFile } from 'node:fs/promises'
import type { LessonSummary } from '../course/index.ts'
import { lessonChange } from '../learner/index.ts'
import { type Desk, shownPath } from '../learner/learner.ts'
import { assertStarted } from '../learner/own-answer.ts'
import { renderDiff } from '../terminal/index.ts'
import { self } from './command.ts'
import type { Context } from './context.ts'
import { Exit, type ExitCode } from './exit.ts'

/** What is different in the lesson since the learner began or passed it. */
export async function showChange(context: Context, desk: Desk, lesson: LessonSummary): Promise<ExitCode> {
  const { palette, width, print } = context
  const { slug, number } = lesson
  const diff = (mine: string, theirs: string, mineName: string, theirsName: string) =>
    renderDiff(mine, theirs, { width, palette, mineName, theirsName })
  const change = await lessonChange(desk, slug)
  switch (change?.kind) {
    case undefined:
      context.note(`The files of lesson ${number} can't be read.`)
      return Exit.machine
    case 'none':
      print(`Lesson ${number} hasn't changed since you began or passed it.`)
      return Exit.passed
    case 'not kept': {
      assertStarted(desk, slug)
      const file = desk.home.answer(slug)
      const mine = await readFile(file, 'utf8')
      context.note(
        `There's no copy of lesson ${number} as it was, so this compares your answer with its starter.`,
      )
      print(await diff(change.now.starter, mine, `exercises/${slug}.ts`, shownPath(file)))
      return Exit.passed
    }
    case 'changed': {
      const { before, now } = change
      const parts = (['tasks', 'starter'] as const).filter((part) => before[part] !== now[part])
      for (const part of parts)
        print(`${await diff(before[part], now[part], `${part} before`, `${part} now`)}\n`)
      const only = parts.length === 0 ? 'Only the tests have changed. ' : ''
      print(`${only}Your answer is as you left it. To see whether it still passes: ${self} check ${number}`)
      return Exit.passed
    }
  }
}
