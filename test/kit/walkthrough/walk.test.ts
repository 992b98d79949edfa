import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { CheckResult } from '../../../src/check/index.ts'
import { filesOf, loadCourse } from '../../../src/course/index.ts'
import type { CheckSession } from '../../../src/learner/check-session.ts'
import { EditorError } from '../../../src/learner/editor.ts'
import { homeOf, lastRunFile } from '../../../src/learner/index.ts'
import { openProgress } from '../../../src/progress/index.ts'
import type { Recording } from '../../../src/recording/index.ts'
import { palette } from '../../../src/terminal/index.ts'
import { walkThrough } from '../../../src/walkthrough/home.ts'
import { askQuiz } from '../../../src/walkthrough/quiz.ts'
import type { Walk } from '../../../src/walkthrough/walk.ts'
import { starterRun } from '../recording/starter.ts'
import { type ScriptedUi, scriptedUi } from './scripted-ui.ts'

const course = await loadCourse()
const [first] = course.lessons
if (!first) throw new Error('There is no lesson.')
const lesson = await course.lesson(first.slug)

/** A checker that can tell one thing: whether the file is the solution. */
function session(passes: () => boolean): CheckSession {
  const redis = { kind: 'embedded', name: 'the embedded server', version: '7.0', limits: undefined } as const
  const check = async (slug: string): Promise<CheckResult> => ({
    lesson: slug,
    target: 'workspace',
    passed: passes(),
    skipped: 0,
    redis,
    tasks: lesson.tasks.map(({ name }) =>
      passes()
        ? { task: name, state: 'passed', commands: [] }
        : { task: name, state: 'failed', diagnosis: `${name} does nothing.`, commands: [] },
    ),
    output: '',
    notes: [],
    ms: 1,
  })
  return {
    open: async () => ({ redis }) as never,
    check,
    record: async () => undefined,
    replace: async () => {},
    close: async () => {},
  }
}

async function walkWith(ui: ScriptedUi, passes = () => false, edit?: Walk['edit']): Promise<Walk> {
  const folder = await mkdtemp(path.join(tmpdir(), 'eventlings-walk-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const home = homeOf(course, { EVENTLINGS_HOME: folder })
  return {
    learner: { course, home, progress: openProgress(home.log) },
    session: session(passes),
    ui,
    palette: palette({ colours: false, unicode: true }),
    isOnOwn: false,
    bookmarks: new Map(),
    console: async () => {},
    edit: edit ?? (async () => {}),
    explore: async () => {},
    watch: async (slug) => slug,
  }
}

describe('the walkthrough', () => {
  test('a lesson can be read without a place for answers', async () => {
    const ui = scriptedUi(['Start 01', 'Not now', 'Check my answer', 'Show the task', 'Back', 'Leave'])
    const walk = await walkWith(ui)
    await writeFile(walk.learner.home.workspace, 'No folder.')
    await walkThrough(walk)
    expect(ui.shown.find((text) => text.endsWith(' Until then you can only read.'))).toMatch(
      /workspace is a file, but a folder belongs there\. Move it out of the way, then try again\./,
    )
    expect(ui.shown.slice(-6).join('\n')).toContain('createEvent')
  })

  test.each([[['Check whenever I save']], [['Reset', true]]])(
    'after %j, the verdict from before is gone',
    async (next) => {
      const ui = scriptedUi([
        'Start 01',
        'Not now',
        'Check my answer',
        ...next,
        'The whole verdict',
        'Back',
        'Leave',
      ])
      await walkThrough(await walkWith(ui))
      expect(ui.shown).toContain("There's no verdict right now. r checks your answer.")
    },
  )

  test('from the welcome through the first lesson to the next', async () => {
    let passes = false
    const ui = scriptedUi([
      'Start 01',
      'Not now', // the quiz
      'Check my answer',
      'Hint',
      'Open in my editor',
      'Check my answer',
      'Next lesson',
      'Not now',
      'Back to the start',
      'Leave',
    ])
    const walk = await walkWith(
      ui,
      () => passes,
      async () => {
        passes = true
      },
    )
    await walkThrough(walk)
    const all = ui.shown.join('\n')
    expect(all).toContain('Your file for this lesson is ready')
    expect(all).toContain('createEvent does nothing.')
    expect(all).toMatch(/Hint 1 of \d+ for task 1, createEvent/)
    expect(all).toContain('Continue with the next lesson.')
    // After a pass, the menu says so, because what it means may have pushed the verdict out of view.
    expect(ui.shown.filter((text) => text.startsWith(`01 · ${lesson.title}`))).toEqual([
      ...Array(4).fill(`01 · ${lesson.title}`),
      `01 · ${lesson.title} · 3 passed`,
    ])
    const { progress } = walk.learner
    expect(progress.overview().lesson(first.slug)).toMatchObject({
      state: 'passed',
      attempts: 1,
      hints: { 1: 1 },
    })
    expect(progress.overview().current).toBe(course.lessons[1]?.slug)
  })

  test("a check without a verdict isn't a pass, even if the one before it was", async () => {
    const check = 'Check my answer'
    const ui = scriptedUi([
      'Start 01',
      'Not now',
      check,
      'Open in my editor',
      check,
      'Back to the start',
      'Leave',
    ])
    const walk = await walkWith(
      ui,
      () => true,
      () => rm(walk.learner.home.answer(first.slug)),
    )
    await walkThrough(walk)
    const title = `01 · ${lesson.title}`
    expect(ui.shown.filter((text) => text.startsWith(title))).toEqual([
      title,
      `${title} · 3 passed`,
      title,
      title,
    ])
  })

  test('after the last hint, all of them are shown again, and where the solution is', async () => {
    const hints = lesson.tasks[0]?.hints.length ?? 0
    const ui = scriptedUi([
      'Start 01',
      'Not now',
      ...Array<string>(hints + 1).fill('Hint'),
      'Back to the start',
      'Leave',
    ])
    await walkThrough(await walkWith(ui))
    expect(ui.shown.join('\n').replaceAll('\n', ' ')).toContain(
      "You've seen all the hints for task 1, createEvent; `s` shows the solution. Here are the hints again:",
    )
  })

  test('t waits for the run of the check that has just failed, and says so', async () => {
    let keep: (run: Recording) => void = () => {}
    const run = { ...starterRun(), lesson: first.slug }
    const answers = ['Start 01', 'Not now', 'Check my answer', 'Step through', 'Step through']
    const scripted = scriptedUi([...answers, 'Back to the start', 'Leave'])
    const busy: ScriptedUi['busy'] = (work) => {
      if (scripted.shown.at(-1) === 'One moment …') keep(run)
      return work()
    }
    const explored: Recording[] = []
    const walk = await walkWith({ ...scripted, busy })
    await walkThrough({
      ...walk,
      session: { ...walk.session, record: () => new Promise((resolve) => (keep = resolve)) },
      explore: async (recording) => void explored.push(recording),
    })
    expect(explored).toEqual([run, run])
    expect(scripted.shown.filter((text) => text === 'One moment …')).toHaveLength(1)
  })

  test("a last run that can't be read is a sentence above the menu", async () => {
    const ui = scriptedUi(['Start 01', 'Not now', 'Step through', 'Back to the start', 'Leave'])
    const walk = await walkWith(ui)
    const file = lastRunFile(walk.learner.home)
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, '{"v":2}')
    await walkThrough(walk)
    expect(ui.shown.join('\n')).toMatch(/last-run\.json isn't a recording .* replaces it\./)
  })

  test('the keys of a lesson also work at the start', async () => {
    const ui = scriptedUi(['Keys', 'Task', 'Back to the start', "What I've done", 'Leave'])
    await walkThrough(await walkWith(ui))
    const all = ui.shown.join('\n')
    expect(all).toContain('starts or continues the next lesson')
    expect(all).toContain('Task 1 · createEvent')
    // The menu says where to continue, so no command does.
    expect(all).toContain('0 of 28')
    expect(all).not.toContain('npx eventlings')
  })

  test('the welcome has six lines, each for 60 columns', async () => {
    const ui = scriptedUi(['Leave'])
    await walkThrough(await walkWith(ui))
    const lines = ui.shown[0]?.split('\n') ?? []
    expect(lines).toHaveLength(6)
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(60)
  })

  test('continues where the learner left off, without the text already read', async () => {
    const ui = scriptedUi([
      'Start 01',
      'Not now',
      'Back to the start',
      'Continue with 01',
      'Back to the start',
      'Leave',
    ])
    await walkThrough(await walkWith(ui))
    expect(ui.shown.filter((text) => text.startsWith('# Events'))).toHaveLength(1)
  })

  test.each([
    ['the untouched starter', { untouched: true }, 1],
    ['an answer', {}, 0],
  ])(
    'after a check of %s in watch, the text is shown only if it is still unread',
    async (_what, how, times) => {
      const ui = scriptedUi([
        'Continue with 01',
        ...(times === 1 ? ['Not now'] : []),
        'Back to the start',
        'Leave',
      ])
      const walk = await walkWith(ui)
      const { progress } = walk.learner
      await progress.record('LESSON_OPENED', '01-events', {})
      const check = {
        target: 'workspace',
        redis: 'embedded',
        ms: 1,
        tasks: [],
        diagnosis: 'It does nothing.',
      }
      await progress.record('CHECK_FAILED', '01-events', { ...check, ...how })
      await walkThrough(walk)
      expect(ui.shown.filter((text) => text.startsWith('# Events'))).toHaveLength(times)
    },
  )

  test('a learner who leaves the watch screen at another lesson is at that lesson', async () => {
    const ui = scriptedUi(['Start 01', 'Not now', 'Check whenever I save', 'Back to the start', 'Leave'])
    await walkThrough({ ...(await walkWith(ui)), watch: async () => '05-stream-store' })
    expect(ui.shown).toContain('05 · A stream-based store')
    expect(ui.shown.filter((text) => text.startsWith('# A stream-based store'))).toEqual([])
  })

  test('the solution is shown only after a yes, and counts as seen', async () => {
    const ui = scriptedUi([
      'Start 01',
      'Not now',
      'Solution',
      false,
      'Compare with the solution',
      false,
      'Solution',
      true,
      'Compare with the solution',
      'Back to the start',
      'Leave',
    ])
    const walk = await walkWith(ui)
    await walkThrough(walk)
    expect(ui.shown.filter((text) => text.startsWith('Show the solution?'))).toHaveLength(2)
    expect(ui.shown.filter((text) => text.startsWith('Compare with the solution? A pass'))).toHaveLength(1)
    expect(ui.shown.filter((text) => text.includes('+++ solutions/'))).toHaveLength(1)
    expect(walk.learner.progress.overview().lesson(first.slug).solutionSeen).toBe(true)
  })

  test('an error the learner can fix is shown, and the loop continues', async () => {
    const ui = scriptedUi([
      'Start 01',
      'Not now',
      'Open in my editor',
      'Check my answer',
      'Show the task',
      'Back to the start',
      'Leave',
    ])
    const walk = await walkWith(
      ui,
      () => false,
      async () => {
        await rm(walk.learner.home.answer(first.slug))
        throw new EditorError('The editor "ed" is not installed.')
      },
    )
    await walkThrough(walk)
    const all = ui.shown.join('\n')
    expect(all).toContain('The editor "ed" is not installed.')
    expect(all).toContain('You have no answer yet')
    expect(all).toContain('Task 1 · createEvent')
  })

  test('an existing answer is left alone', async () => {
    const ui = scriptedUi(['Start 01', 'Not now', 'Check my answer', 'Back to the start', 'Leave'])
    const walk = await walkWith(ui, () => true)
    const file = walk.learner.home.answer(first.slug)
    await rm(path.dirname(file), { recursive: true, force: true })
    const { mkdir, readFile } = await import('node:fs/promises')
    await mkdir(path.dirname(file), { recursive: true })
    await copyFile(filesOf(course, first.slug).solution, file)
    await writeFile(file, '// mine')
    await walkThrough(walk)
    expect(await readFile(file, 'utf8')).toBe('// mine')
  })
})

describe('the quiz', () => {
  const question = {
    question: 'Which is it?',
    answers: [
      { text: 'the one', right: true, explanation: 'Because.' },
      { text: 'the other', right: false, explanation: 'It is not.' },
    ],
  }
  const several = {
    question: 'Which are they?',
    answers: [...question.answers, { text: 'a third', right: true, explanation: '' }],
  }

  async function ask(answers: Parameters<typeof scriptedUi>[0], quiz = [question]) {
    const ui = scriptedUi(answers)
    const walk = await walkWith(ui)
    await askQuiz(walk, { ...lesson, quiz })
    return {
      shown: ui.shown.join('\n'),
      quiz: walk.learner.progress.overview().lesson(first?.slug ?? '').quiz,
    }
  }

  test('a right answer with its reason', async () => {
    const { shown, quiz } = await ask(['the one'])
    expect(shown).toContain('Right. the one')
    expect(shown).toContain('Because.')
    expect(shown).toContain('1 of 1 right.')
    expect(quiz).toMatchObject([{ question: 'Which is it?', answer: 'the one', right: true }])
  })

  test('a wrong answer with its reason, and the right one', async () => {
    const { shown, quiz } = await ask(['the other'])
    expect(shown).toContain('✗ You said: the other')
    expect(shown).toContain('It is not.')
    expect(shown).toContain('The right answer: the one')
    expect(quiz).toMatchObject([{ right: false }])
  })

  test('if several are right, all of them are needed', async () => {
    expect((await ask([['the one', 'a third']], [several])).quiz).toMatchObject([{ right: true }])
    expect((await ask([['the one']], [several])).quiz).toMatchObject([{ right: false }])
  })

  test('the learner may leave at any question, and nothing is recorded', async () => {
    const { quiz, shown } = await ask(['Leave the quiz'], [question, question])
    expect(quiz).toEqual([])
    expect(shown).toContain('You left the quiz. Nothing was answered.')
  })

  test('a learner who leaves in the middle is told what is saved', async () => {
    const { quiz, shown } = await ask(['the other', 'Leave the quiz'], [question, question])
    expect(quiz).toHaveLength(1)
    expect(shown).toContain('Question 2 of 2 · 0 of 1 right so far')
    expect(shown).toContain('You left the quiz. 0 of 1 right so far. Your answer is saved.')
  })
})
