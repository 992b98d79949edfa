import { readFile } from 'node:fs/promises'
import type { Lesson } from '../course/index.ts'
import { changeNote, keepLastRun, maySeeSolution, nextHint, revealSolution } from '../learner/index.ts'
import { taskAtHand } from '../learner/last-check.ts'
import { shownPath } from '../learner/learner.ts'
import { taskText } from '../learner/lesson-text.ts'
import { assertStarted, checkOwnAnswer } from '../learner/own-answer.ts'
import { renderDiff, renderMarkdown } from '../terminal/index.ts'
import { renderCheck } from '../verdict/index.ts'
import type { Walk } from './walk.ts'

export type Action = 'check' | 'watch' | 'hint' | 'edit' | 'task' | 'solution' | 'diff'

type Act = (walk: Walk, lesson: Lesson) => Promise<void>

/** Shows errors that the learner can fix, and lets the loop continue. */
const tolerated: ReadonlySet<string> = new Set([
  'BrokenCheckError',
  'EditorError',
  'NotStartedError',
  'RedisGoneError',
  'RedisTroubleError',
  'RedisUnavailableError',
  'SandboxLostError',
  'UnwritableWorkspaceError',
])

function tolerant(act: Act): Act {
  return async (walk, lesson) => {
    try {
      await act(walk, lesson)
    } catch (error) {
      if (!(error instanceof Error && tolerated.has(error.name))) throw error
      walk.ui.print(error.message)
    }
  }
}

export const actions: Readonly<Record<Action, Act>> = {
  check: tolerant(async (walk, lesson) => {
    const { desk, session, ui, palette } = walk
    assertStarted(desk, lesson.slug)
    ui.print('Checking …')
    const { redis } = await session.open()
    const result = await checkOwnAnswer(desk, session, lesson.slug, { record: true })
    const next = result.passed ? 'Continue with the next lesson.' : 'Fix it, or take a hint, and check again.'
    ui.print(renderCheck(result, { width: ui.width, palette, sideBySide: true, title: lesson.title, next }))
    await printChange(walk, lesson)
    if (redis.limits !== undefined) ui.print(redis.limits)
    // Not awaited: the next check ends it.
    if (!result.passed) void session.record().then((run) => run && keepLastRun(desk.home, run))
  }),

  watch: tolerant((walk, lesson) => walk.watch(lesson.slug)),

  hint: tolerant(async (walk, lesson) => {
    const { desk, ui, palette } = walk
    const atHand = taskAtHand(desk, lesson)
    if (atHand === undefined)
      return ui.print('Every task passed at the last check, so there are no hints to show.')
    const progress = desk.progress.overview().lesson(lesson.slug)
    const hint = nextHint(lesson, progress, { firstFailing: atHand.name })
    const task = `task ${hint.taskNumber}, ${hint.task}`
    const width = ui.width
    if (hint.kind === 'no more') {
      ui.print(palette.paint(`All hints for ${task}. There are no more.`, 'bold'))
      for (const text of hint.earlier) ui.print(await renderMarkdown(text, { width, palette }))
      return
    }
    await desk.progress.record('HINT_REVEALED', lesson.slug, { task: hint.taskNumber, step: hint.step })
    ui.print(palette.paint(`Hint ${hint.step} of ${hint.of} for ${task}`, 'bold'))
    ui.print(await renderMarkdown(hint.text, { width, palette }))
  }),

  edit: tolerant(({ desk, edit }, lesson) => edit(desk.home.answer(lesson.slug))),

  task: tolerant(async (walk, lesson) => {
    const { desk, ui, palette } = walk
    const task = taskAtHand(desk, lesson) ?? lesson.tasks[0]
    if (task !== undefined) ui.print(await renderMarkdown(taskText(task), { width: ui.width, palette }))
  }),

  solution: tolerant(async (walk, lesson) => {
    if (!(await mayReveal(walk, lesson))) return
    const { desk, ui, palette } = walk
    const text = await revealSolution(desk, lesson.slug)
    await ui.read((width) => renderMarkdown(`\`\`\`\`ts\n${text}\n\`\`\`\``, { width, palette }))
  }),

  diff: tolerant(async (walk, lesson) => {
    const { desk, ui, palette } = walk
    assertStarted(desk, lesson.slug)
    if (!(await mayReveal(walk, lesson))) return
    const file = desk.home.answer(lesson.slug)
    const [mine, theirs] = [await readFile(file, 'utf8'), await revealSolution(desk, lesson.slug)]
    const names = { mineName: shownPath(file), theirsName: `solutions/${lesson.slug}.ts` }
    await ui.read((width) => renderDiff(mine, theirs, { width, palette, ...names }))
    await printChange(walk, lesson)
  }),
}

async function printChange({ desk, ui }: Walk, lesson: Lesson): Promise<void> {
  const note = await changeNote(desk, [lesson])
  if (note !== undefined) ui.print(note)
}

async function mayReveal({ desk, ui }: Walk, { slug }: Lesson): Promise<boolean> {
  if (maySeeSolution(desk, slug)) return true
  return ui.confirm('Show the solution? A pass after this counts as "passed after the solution."')
}
