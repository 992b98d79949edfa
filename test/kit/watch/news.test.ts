import { rm } from 'node:fs/promises'
import { expect, onTestFinished, test } from 'vitest'
import type { CheckResult } from '../../../src/check/index.ts'
import { loadCourse } from '../../../src/course/index.ts'
import { homeOf } from '../../../src/learner/index.ts'
import { openProgress } from '../../../src/progress/index.ts'
import { style } from '../../../src/terminal/palette.ts'
import { renderScreen } from '../../../src/watch/screen.ts'
import { WatchSession } from '../../../src/watch/session.ts'
import type { News } from '../../../src/watch/state.ts'
import { newHome } from '../cli/program.ts'

const passed = {
  lesson: '01-events',
  passed: true,
  skipped: 0,
  redis: { kind: 'embedded' },
  tasks: [],
  output: [],
  notes: [],
  ms: 1,
} as unknown as CheckResult

/** A watch on the first lesson, whose every check passes; its clock runs only when told to. */
async function watching() {
  const folder = await newHome()
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const course = await loadCourse()
  const home = homeOf(course, { EVENTLINGS_HOME: folder })
  const palette = style({ NO_COLOR: '1' }, { isTTY: false, width: 80 } as never, { color: false })
  const seen: string[] = []
  let tell = (_news: News) => {}
  let time = 0
  const session = await WatchSession.open({
    course,
    way: course.lessons,
    home,
    progress: openProgress(home.log),
    redis: { description: 'Redis', limits: undefined },
    checker: { check: async () => passed, record: async () => undefined },
    slug: '01-events',
    now: () => new Date(time),
    onState() {},
    news(to) {
      tell = to
    },
  })
  onTestFinished(() => session.close())
  const say = (text: string) => tell({ text, seen: () => void seen.push(text) })
  const screen = () => renderScreen(session.state, { width: 80, height: 40, palette })
  return { session, say, screen, seen, pass: (ms: number) => (time += ms) }
}

test('class news outlives a verdict, another lesson and a hint, until a learner who had time to read it presses a key', async () => {
  const { session, say, screen, seen, pass } = await watching()
  say('Coffee at ten.')
  await session.act('run')
  await session.act('hint')
  await session.act('next')
  session.look()
  expect(await screen()).toContain('Coffee at ten.  (any key clears this)')
  expect(seen).toEqual([])
  pass(2_000)
  session.look()
  expect(await screen()).not.toContain('Coffee')
  expect(seen).toEqual(['Coffee at ten.'])
})

test('withdrawn news is gone, and no one has seen it', async () => {
  const { session, say, screen, seen, pass } = await watching()
  say('Coffee at ten.')
  say('')
  pass(60_000)
  session.look()
  expect(await screen()).not.toContain('Coffee')
  expect(seen).toEqual([])
})
