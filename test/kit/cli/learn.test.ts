import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { projectRoot } from '../../../src/common/own-folder.ts'
import { filesOf } from '../../../src/course/index.ts'
import { ended, newHome, programAt, startProgram } from './program.ts'

const files = filesOf({ root: projectRoot() }, '01-events')
const answerAt = (home: string) => path.join(home, 'workspace', '01-events.ts')

describe('a lesson, command by command', () => {
  test('start, check, hint, fix, check, progress', async () => {
    const home = await newHome()
    const eventlings = programAt(home)

    const started = await eventlings('start', '01')
    expect(started).toMatchObject({ code: 0, stderr: '' })
    expect(started.stdout).toContain(answerAt(home))
    expect(await readFile(answerAt(home), 'utf8')).toBe(await readFile(files.starter, 'utf8'))

    const red = await eventlings('check')
    expect(red.code).toBe(1)
    expect(red.stdout).toContain("`createEvent` isn't written yet")
    expect(red.stdout).toContain('npx eventlings hint 01')
    expect(red.stdout).toContain('The embedded server is an imitation')

    expect((await eventlings('hint')).stdout).toMatch(/^Hint 1 of \d+ for task 1, createEvent/)
    expect((await eventlings('hint')).stdout).toMatch(/^Hint 2 of /)
    expect((await eventlings('hint', '--task', '2')).stdout).toMatch(/^Hint 1 of \d+ for task 2, encodeEvent/)

    await copyFile(files.solution, answerAt(home))
    const green = await eventlings('check')
    expect(green.code).toBe(0)
    expect(green.stdout).toContain('3 passed')
    expect(green.stdout).toContain('npx eventlings start 02')
    expect((await eventlings('hint')).stdout).toContain('Every task of lesson 01 passed')

    const { stdout } = await eventlings('list')
    expect(stdout).toMatch(/^→ 01 Events +\d+ min {2}✓ passed$/m)
    expect((await eventlings('progress')).stdout).toMatch(/^1 · Events, on lists +█+░+ 1 of \d+$/m)
  })

  test('hints end, and are then shown again all together', async () => {
    const eventlings = programAt(await newHome())
    const first = (await eventlings('hint', '01', '--task', '3')).stdout
    const count = Number(/of (\d+)/.exec(first)?.[1])
    let last = first
    for (let step = 2; step <= count; step += 1) last = (await eventlings('hint', '01', '--task', '3')).stdout
    expect(last).toContain('That was the last hint for this task.')
    const { code, stdout } = await eventlings('hint', '01', '--task', '3')
    expect(code).toBe(0)
    expect(stdout).toContain(`All ${count} hints for task 3, decodeEvent`)
    expect(stdout).toContain('There are no more.')
  })

  test('start never writes over an answer', async () => {
    const home = await newHome()
    const eventlings = programAt(home)
    await eventlings('start', '01')
    await writeFile(answerAt(home), '// mine')
    const { code, stdout } = await eventlings('start', '1')
    expect(code).toBe(0)
    expect(stdout).toContain('already exists and stays as it is')
    expect(await readFile(answerAt(home), 'utf8')).toBe('// mine')
  })

  test("start alone takes the first lesson that isn't done", async () => {
    const eventlings = programAt(await newHome())
    expect((await eventlings('start')).stdout).toMatch(/^Lesson 01, /)
  })

  test('watch without a terminal says that it goes on watching', async () => {
    const home = await newHome()
    const watch = startProgram(['watch', '01'], {
      env: { EVENTLINGS_HOME: home, EVENTLINGS_REDIS: 'embedded' },
    })
    const all = ended(watch)
    let text = ''
    await new Promise<void>((resolve) => {
      watch.stdout?.on('data', (chunk) => {
        text += String(chunk)
        if (text.includes('3 failed')) resolve()
      })
    })
    watch.kill('SIGTERM')
    expect((await all).stdout).toMatch(/^Watching .*01-events\.ts\. Ctrl-C quits\.\n[\s\S]*3 failed/)
  })

  test('reset keeps the old answer; without a terminal it needs --yes', async () => {
    const home = await newHome()
    const eventlings = programAt(home)
    await eventlings('start', '01')
    await writeFile(answerAt(home), '// mine')

    const refused = await eventlings('reset', '01')
    expect(refused.code).toBe(2)
    expect(refused.stderr).toContain('npx eventlings reset 01 --yes')
    expect(await readFile(answerAt(home), 'utf8')).toBe('// mine')

    const { code, stdout } = await eventlings('reset', '01', '--yes')
    expect(code).toBe(0)
    expect(stdout).toMatch(/\n {2}\S+\.old\n\nTo get it back, copy that file over /)
    expect(await readFile(answerAt(home), 'utf8')).toBe(await readFile(files.starter, 'utf8'))
    const kept = (await readdir(path.join(home, 'workspace'))).filter((name) => name !== '01-events.ts')
    expect(kept).toHaveLength(1)
    expect(kept[0]).toMatch(/^01-events\.\d{4}-\d\d-\d\d-.*\.old$/)
    expect(await readFile(path.join(home, 'workspace', kept[0] ?? ''), 'utf8')).toBe('// mine')

    const again = await eventlings('reset', '01', '--yes')
    expect(again.stdout).toMatch(/01-events\.ts is the starter\.\n$/)
    expect((await readdir(path.join(home, 'workspace'))).filter((name) => name.endsWith('.old'))).toEqual(
      kept,
    )
  })

  test('a pass after seeing the solution stays marked', async () => {
    const home = await newHome()
    const eventlings = programAt(home)
    await eventlings('start', '01')
    const { stdout, stderr } = await eventlings('solution')
    expect(stdout).toBe(await readFile(files.solution, 'utf8'))
    expect(stderr).toContain('A pass after this counts as "passed after the solution."')
    await copyFile(files.solution, answerAt(home))
    await eventlings('check')
    expect((await eventlings('list')).stdout).toContain('✓ passed after the solution')
  })

  test('diff shows what to change', async () => {
    const eventlings = programAt(await newHome())
    expect((await eventlings('diff', '01')).stderr).toContain('npx eventlings start 01')
    await eventlings('start', '01')
    const { code, stdout } = await eventlings('diff', '01')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^\+\+\+ solutions\/01-events\.ts$/m)
    expect(stdout).toMatch(/^-.*Not written yet: createEvent/m)
    // Whole lines, for other programs.
    expect(stdout).toMatch(/^-.*Use the types below as they are\.$/m)
  })

  test('list, diff and check say that a lesson has changed since', async () => {
    const home = await newHome()
    const eventlings = programAt(home)
    const log = path.join(home, '.eventlings', 'progress.jsonl')
    const changeLesson = async () => {
      const events = await readFile(log, 'utf8')
      await writeFile(log, events.replace(/"fingerprint":"\w+"/g, '"fingerprint":"older"'))
    }
    const began = 'Lesson 01 has changed since you began it. To see how:\nnpx eventlings diff 01 --starter\n'
    const passed = began.replace('began', 'passed')
    await eventlings('start', '01')
    expect((await eventlings('list')).stdout).not.toContain('has changed')
    expect((await eventlings('diff', '01', '--starter')).stdout).toContain("Lesson 01 hasn't changed")
    await changeLesson()
    expect((await eventlings('diff', '01', '--starter')).stderr).toContain('compares your answer')
    // The existing file is still the one from the older lesson.
    await eventlings('start', '01')
    expect((await eventlings('list')).stdout).toContain(began)
    expect((await eventlings('diff', '01')).stdout).toContain(began)
    expect((await eventlings('check', '01')).stdout).toContain(began)

    await copyFile(files.solution, answerAt(home))
    expect((await eventlings('check', '01')).stdout).not.toContain('has changed')
    expect((await eventlings('list')).stdout).not.toContain('has changed')
    await changeLesson()
    expect((await eventlings('list')).stdout).toContain(passed)
    const { lessons } = JSON.parse((await eventlings('list', '--json')).stdout)
    expect(lessons.slice(0, 2)).toMatchObject([{ changed: true }, { changed: false }])
    await eventlings('reset', '01', '--yes')
    expect((await eventlings('list')).stdout).not.toContain('has changed')
  })

  test('read shows the text without hints and answers of the quiz', async () => {
    const { code, stdout } = await programAt(await newHome())('read', 'events')
    expect(code).toBe(0)
    expect(stdout).toContain('Task 3 · decodeEvent')
    expect(stdout).toContain('In production')
    expect(stdout).not.toMatch(/^#* ?Hints|^#* ?Quiz/m)
  })

  test('progress moves to another machine, and counts once', async () => {
    const [here, there] = [await newHome(), await newHome()]
    await programAt(here)('start', '01')
    const file = path.join(here, 'mine.jsonl')
    expect((await programAt(here)('progress', 'export', file)).code).toBe(0)
    expect((await programAt(here)('progress', 'export', file)).stderr).toContain('--force')
    expect((await programAt(there)('progress', 'import', file)).stdout).toMatch(/^1 new event/)
    expect((await programAt(there)('progress', 'import', file)).stdout).toMatch(/^Nothing new/)
    expect((await programAt(there)('list')).stdout).toMatch(/01 Events .*started/)
  })
})
