import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { loadCourse } from '../../../src/course/index.ts'
import { homeOf } from '../../../src/learner/index.ts'
import { openProgress } from '../../../src/progress/index.ts'
import { progressPage } from '../../../src/walkthrough/progress-page.ts'
import { plain } from '../terminal/screens.ts'

test('a lesson that passed and fails now is listed, whatever made it fail', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'eventlings-progress-page-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const course = await loadCourse()
  const home = homeOf(course, { EVENTLINGS_HOME: folder })
  const progress = openProgress(home.log)
  const check = { target: 'workspace', redis: 'embedded', ms: 1, tasks: [] }
  await progress.record('CHECK_PASSED', '02-list-store', { ...check, skipped: 0 })
  await progress.record('CHECK_FAILED', '02-list-store', {
    ...check,
    diagnosis: 'Built on your 01-events.ts.',
  })
  const page = progressPage({ course, home, progress }, { palette: plain, width: 80 })
  expect(page).toContain('02-list-store  ✓ passed (2 checks, its last check failed)')
})
