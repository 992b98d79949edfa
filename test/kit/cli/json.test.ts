import { appendFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { projectRoot } from '../../../src/common/own-folder.ts'
import { newHome, programAt } from './program.ts'

async function json(home: string, ...args: readonly string[]) {
  const { code, stdout, stderr } = await programAt(home)(...args, '--json')
  return { code, stderr, data: JSON.parse(stdout) as Record<string, unknown> }
}

describe('--json prints one object, and nothing else', () => {
  test('list', async () => {
    const home = await newHome()
    await programAt(home)('start', '01')
    const { data, stderr } = await json(home, 'list')
    expect(stderr).toBe('')
    const lessons = data.lessons as Record<string, unknown>[]
    expect(lessons[0]).toEqual({
      slug: '01-events',
      title: 'Events',
      chapter: 'Events, on lists',
      minutes: expect.any(Number),
      state: 'started',
      changed: false,
    })
  })

  test('check: every field is there, even if there is nothing to say', async () => {
    const home = await newHome()
    const passed = await json(home, 'check', '01', '--solution')
    expect(passed.code).toBe(0)
    expect(passed.data).toMatchObject({
      lesson: '01-events',
      target: 'solution',
      passed: true,
      diagnosis: null,
      redis: { kind: 'embedded', version: expect.any(String) },
      ms: expect.any(Number),
    })
    const failed = await json(home, 'check', '01', '--starter')
    expect(failed.code).toBe(1)
    const [task] = failed.data.tasks as Record<string, unknown>[]
    expect(task).toEqual({
      task: 'createEvent',
      state: 'failed',
      test: expect.any(String),
      diagnosis: expect.stringContaining("isn't written yet"),
      expected: null,
      received: null,
      at: { file: 'exercises/01-events.ts', line: expect.any(Number) },
      commands: [],
    })
  })

  test("check of a file elsewhere, which is not the learner's work", async () => {
    const home = await newHome()
    const file = path.join(projectRoot(), 'test', 'right-answers', '01-events', 'replacer.ts')
    const { code, data } = await json(home, 'check', '01', '--file', file)
    expect({ code, target: data.target }).toEqual({ code: 0, target: file })
    const { data: list } = await json(home, 'list')
    expect((list.lessons as { state: string }[])[0]?.state).toBe('new')
  })

  test('check of your own answer in another home is still "workspace"', async () => {
    const home = await newHome()
    await programAt(home)('start', '01')
    await appendFile(path.join(home, 'workspace', '01-events.ts'), '// Mine now.\n') // an untouched starter isn't an attempt
    const { data } = await json(home, 'check')
    expect(data.target).toBe('workspace')
    const { data: progress } = await json(home, 'progress')
    expect(progress).toMatchObject({ current: '01-events', passed: 0, total: expect.any(Number) })
    const [lesson] = progress.lessons as Record<string, unknown>[]
    expect(lesson).toMatchObject({
      slug: '01-events',
      title: 'Events',
      state: 'failing',
      attempts: 1,
      lastDiagnosis: expect.stringContaining('createEvent'),
    })
  })

  test('doctor', async () => {
    const { data } = await json(await newHome(), 'doctor')
    expect(data.ok).toBe(true)
    const findings = data.findings as { name: string; state: string; finding: string; remedy?: string }[]
    const names = findings.map(({ name }) => name)
    expect(names).toEqual(
      expect.arrayContaining([
        'Node',
        'Memory',
        'Container engine',
        'redis-server',
        'Your files',
        'Terminal',
      ]),
    )
    for (const { state, finding, remedy } of findings) {
      expect(finding).toMatch(/\.$/)
      if (state !== 'ok') expect(remedy).toMatch(/\.$/)
    }
  })
})
