import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkLessons } from '../../../src/authoring/index.ts'
import type { CheckResult, Target } from '../../../src/check/index.ts'
import { type Course, loadCourse } from '../../../src/course/index.ts'
import type { CheckSession } from '../../../src/learner/check-session.ts'
import { RedisTroubleError } from '../../../src/redis/index.ts'
import { newCourse } from './course-copy.ts'

type Told = Pick<CheckResult, 'passed'> & Partial<CheckResult>
type Verdicts = Readonly<Record<string, Told | RedisTroubleError>>

const passes: Told = { passed: true, tasks: [{ task: 'greet', state: 'passed', commands: [] }] }
const fails = (diagnosis: string): Told => ({
  passed: false,
  tasks: [{ task: 'greet', state: 'failed', diagnosis, commands: [] }],
})

/** The verdicts of a sound lesson, by the name of the target's file. */
const sound: Verdicts = {
  solution: passes,
  starter: fails("`greet` isn't written yet."),
  'same-as-the-solution': passes,
  'forgets-the-name': fails('greet does not greet by name.'),
}

/** `shared` has the verdicts of answers that run where others ran before. */
function session(verdicts: Verdicts, shared: Verdicts = {}): CheckSession {
  const name = (target: Target) => (target.kind === 'file' ? path.basename(target.path, '.ts') : target.kind)
  return {
    open: async () => ({}) as never,
    async check(slug, target, options) {
      const told = (options?.sharedProcess && shared[name(target)]) || verdicts[name(target)]
      if (!told) throw new Error(`No verdict was given for ${name(target)}.`)
      if (told instanceof RedisTroubleError) throw told
      const rest = { lesson: slug, target: name(target), skipped: 0, tasks: [], output: '', notes: [], ms: 1 }
      return { ...rest, redis: { kind: 'embedded', name: 'the embedded server', version: '7.0' }, ...told }
    },
    record: async () => undefined,
    replace: async () => {},
    close: async () => {},
  }
}

async function problems(
  course: Course,
  verdicts: Verdicts = sound,
  shared: Verdicts = {},
  thorough = false,
): Promise<readonly string[]> {
  const fresh = await loadCourse(course.root)
  const slugs = fresh.lessons.map(({ slug }) => slug)
  const report = await checkLessons({ course: fresh, slugs, sessions: [session(verdicts, shared)], thorough })
  const all = [...report.findings, ...report.lessons.flatMap(({ findings }) => findings)]
  return all
    .filter(({ rule }) => !['todo', 'words', 'answers', 'diagnoses', 'tests'].includes(rule))
    .map(({ level, rule, file, problem }) => `${level} ${rule} ${file}: ${problem}`)
}

async function edit(course: Course, file: string, change: (text: string) => string): Promise<void> {
  const full = path.join(course.root, file)
  await writeFile(full, change(await readFile(full, 'utf8')))
}

async function add(course: Course, file: string, text = ''): Promise<void> {
  const full = path.join(course.root, file)
  await mkdir(path.dirname(full), { recursive: true })
  await writeFile(full, text)
}

const imported = "import type { Redis } from 'ioredis'"

async function addMistake(course: Course, name: string, fields: string, diff: string): Promise<void> {
  const section = `\n## ${name}\n${fields}\n\`\`\`diff\n${diff}\n\`\`\`\n`
  await edit(course, 'test/mistakes/01-greetings.md', (text) => text + section)
}

test('a sound lesson has no findings', async () => {
  expect(await problems(await newCourse())).toEqual([])
})

describe('answers', () => {
  test.each<[string, Verdicts, string]>([
    [
      'the solution fails',
      { ...sound, solution: fails('No.') },
      'error solution solutions/01-greetings.ts: It should pass. "greet" fails: No.',
    ],
    [
      'tests belong to no task',
      { ...sound, solution: { ...passes, strays: ['gret'] } },
      `error titles test/lessons/01-greetings.test.ts: The tests of "gret" don't count, because no task has that name.`,
    ],
    [
      'a right answer that does not run',
      { ...sound, 'same-as-the-solution': { passed: false, diagnosis: "It isn't TypeScript." } },
      "It should pass. It couldn't run: It isn't TypeScript.",
    ],
    [
      'the starter passes',
      { ...sound, starter: passes },
      '"greet" is "passed"; every task of the starter must fail with a diagnosis.',
    ],
    [
      'the starter fails by a syntax error',
      { ...sound, starter: { passed: false, diagnosis: 'Your file cannot be read.' } },
      "error starter exercises/01-greetings.ts: It should run and fail task by task, but it can't run: Your file cannot be read.",
    ],
    ['a mistake passes', { ...sound, 'forgets-the-name': passes }, 'It passes, but "greet" must catch it.'],
    [
      'a mistake gets another diagnosis',
      { ...sound, 'forgets-the-name': fails('greet is too slow.') },
      'Its diagnosis must contain "does not greet by name", but is: greet is too slow.',
    ],
    [
      'a mistake fails in another task',
      {
        ...sound,
        'forgets-the-name': {
          passed: false,
          tasks: [{ task: 'other', state: 'failed', diagnosis: 'x', commands: [] }],
        },
      },
      '"greet" must be the first task to fail. "other" fails: x',
    ],
  ])('%s', async (_what, verdicts, problem) => {
    const found = await problems(await newCourse(), verdicts)
    expect(found).toHaveLength(1)
    expect(found[0]).toContain(problem)
  })

  test('a task that this Redis skips proves nothing, and is not an error', async () => {
    const skipped: Told = {
      passed: true,
      skipped: 1,
      tasks: [{ task: 'greet', state: 'skipped', commands: [] }],
    }
    const starter: Told = { passed: true, tasks: [{ task: 'greet', state: 'skipped', commands: [] }] }
    expect(await problems(await newCourse(), { ...sound, starter, 'forgets-the-name': skipped })).toEqual([])
  })

  test('a verdict that changes on a second check, in its own process, is reported as such', async () => {
    const shared: Verdicts = { solution: fails('No.'), 'forgets-the-name': fails('It is too slow.') }
    const course = await newCourse()
    expect(await problems(course, sound, shared)).toEqual([
      'error verdict solutions/01-greetings.ts: A second check, in its own process, found nothing wrong, but the first one did. It should pass. "greet" fails: No.',
      expect.stringMatching(/^error verdict .*forgets-the-name.*: It is too slow\.$/),
    ])
    expect(await problems(course, { ...sound, solution: fails('Never.') }, shared)).toContain(
      'error solution solutions/01-greetings.ts: It should pass. "greet" fails: Never.',
    )
  })

  test('a thorough check finds an answer whose verdict differs, though both are allowed', async () => {
    const course = await newCourse()
    const late = fails('greet does not greet by name. It took 12 ms.')
    const shared: Verdicts = { 'forgets-the-name': late }
    expect(await problems(course, sound, shared)).toEqual([])
    expect(await problems(course, sound, shared, true)).toEqual([
      'error verdict test/mistakes/01-greetings.md#forgets-the-name: Two checks of it disagree. The first one: "greet" fails: greet does not greet by name. It took 12 ms. The second one: "greet" fails: greet does not greet by name.',
    ])
    // A number or an ID in a sentence may differ.
    const later = fails('greet does not greet by name. It took 7 ms.')
    expect(await problems(course, { ...sound, 'forgets-the-name': later }, shared, true)).toEqual([])
  })

  test('a thorough check finds a verdict that another test gave', async () => {
    const inTest = (test: string): Told => ({
      passed: false,
      tasks: [
        { task: 'greet', state: 'failed', test, diagnosis: 'greet does not greet by name.', commands: [] },
      ],
    })
    const found = await problems(
      await newCourse(),
      { ...sound, starter: inTest('greets') },
      { starter: inTest('greets twice') },
      true,
    )
    expect(found).toEqual([
      expect.stringMatching(/^error verdict exercises\/01-greetings\.ts: Two checks of it disagree\./),
    ])
  })

  test('an answer during which Redis falls silent is checked again, alone', async () => {
    const silent = new RedisTroubleError('embedded', 'Redis stopped answering', 'Check again.')
    const course = await newCourse()
    expect(await problems(course, sound, { solution: silent })).toEqual([
      "warning verdict 01-greetings: An answer had to be checked a second time. Redis stopped answering, so your answer wasn't judged. Check again.",
    ])
    expect(await problems(course, { ...sound, solution: fails('No.') }, { solution: silent })).toEqual([
      'error solution solutions/01-greetings.ts: It should pass. "greet" fails: No.',
    ])
    await expect(problems(course, { ...sound, solution: silent })).rejects.toThrow(silent)
  })

  test('two mistakes with the very same diagnosis are reported', async () => {
    const course = await newCourse()
    await addMistake(course, 'shouts', '- task: greet\n- says: greet\n', `-${imported}\n+${imported} // !`)
    const same = fails('greet does not greet by name.')
    expect(await problems(course, { ...sound, shouts: same })).toEqual([
      'warning mistake test/mistakes/01-greetings.md#forgets-the-name: It gets the same diagnosis as test/mistakes/01-greetings.md#shouts.',
    ])
  })

  test.each<[string, string, string, string]>([
    ['an unknown task', '- task: gret\n- says: x\n', `-${imported}`, `Its task "gret" isn't one of greet.`],
    [
      'nothing to say',
      '- task: greet\n',
      `-${imported}`,
      'It has no line "- says: <words of the diagnosis>".',
    ],
    [
      'an unknown base',
      '- task: greet\n- says: x\n- base: scripts\n',
      '-x',
      `Its base "scripts" isn't one of solution, same-as-the-solution, whole.`,
    ],
    [
      'a diff that does not fit',
      '- task: greet\n- says: x\n',
      '-await redis.hset(',
      "Its base doesn't have these lines: `await redis.hset(`",
    ],
  ])('a mistake with %s', async (_what, fields, diff, problem) => {
    const course = await newCourse()
    await addMistake(course, 'lost', fields, diff)
    const found = await problems(course, { ...sound, lost: fails('x') })
    expect(found).toEqual([`error mistake test/mistakes/01-greetings.md#lost: ${problem}`])
  })
})

describe('files and text', () => {
  test('a missing file', async () => {
    const course = await newCourse()
    await rm(path.join(course.root, 'solutions', '01-greetings.ts'))
    expect(await problems(course)).toEqual([
      "error files solutions/01-greetings.ts: The file doesn't exist, so the solution is missing.",
    ])
  })

  test('files without a lesson', async () => {
    const course = await newCourse()
    const stray = [
      'exercises/01-greeting.ts',
      'lessons/1-greetings.md',
      'lessons/notes.txt',
      'solutions/old.ts',
      'test/lessons/01-greetings.spec.ts',
      'test/right-answers/02-nothing/a.ts',
      'test/mistakes/02-nothing.md',
    ]
    for (const file of [...stray, 'lessons/README.md', 'lessons/INSTRUCTOR.md']) await add(course, file)
    const found = await problems(course)
    const named = stray.map((file) => file.replace('02-nothing/a.ts', '02-nothing'))
    expect(found.map((line) => /^error stray (.*): /.exec(line)?.[1]).sort()).toEqual(named.sort())
  })

  test('naming a lesson leaves out the others', async () => {
    const course = await newCourse()
    await add(course, 'solutions/old.ts')
    await add(
      course,
      'lessons/02-more.md',
      await readFile(path.join(course.root, 'lessons', '01-greetings.md'), 'utf8'),
    )
    const two = await loadCourse(course.root)
    const { findings } = await checkLessons({
      course: two,
      slugs: ['01-greetings'],
      sessions: [session(sound)],
    })
    expect(findings).toEqual([])
  })

  test('a lesson may be long if its tasks say how long each of them is', async () => {
    const course = await newCourse()
    await edit(course, 'lessons/01-greetings.md', (text) =>
      text.replace('minutes: 20', 'minutes: 50').replace(/^## Task 1.*$/m, '$&\nMinutes: 40'),
    )
    expect(await problems(course)).toEqual([])
  })

  test.each<[string, string, (text: string) => string, string]>([
    ['too few hints', 'lessons/01-greetings.md', (text) => text.replace(/^3\. TODO.*\n/m, ''), 'error hints'],
    [
      'a reason on the line of its answer',
      'lessons/01-greetings.md',
      (text) => text.replace(/^(- \[x\] .*)\n +/m, '$1 '),
      'error quiz',
    ],
    [
      'too long',
      'lessons/01-greetings.md',
      (text) => text.replace('minutes: 20', 'minutes: 45'),
      'error minutes',
    ],
    [
      'a task that is too long',
      'lessons/01-greetings.md',
      (text) => text.replace('minutes: 20', 'minutes: 60').replace(/^## Task 1.*$/m, '$&\nMinutes: 45'),
      'error minutes',
    ],
    [
      'tasks that take longer than their lesson',
      'lessons/01-greetings.md',
      (text) => text.replace(/^## Task 1.*$/m, '$&\nMinutes: 25'),
      'error minutes',
    ],
    ['a link to nowhere', 'lessons/01-greetings.md', (text) => `${text}\n[x](nowhere.md)\n`, 'error links'],
    [
      'a title without a task',
      'test/lessons/01-greetings.test.ts',
      (text) => text.replace("describe('greet'", "describe('gret'"),
      'error titles',
    ],
    [
      'front matter that is not YAML',
      'lessons/01-greetings.md',
      (text) => text.replace('### Hints', '### Help'),
      'error format',
    ],
  ])('%s', async (_what, file, change, finding) => {
    const course = await newCourse()
    await edit(course, file, change)
    const found = await problems(course)
    expect(found).toHaveLength(1)
    expect(found[0]).toContain(finding)
  })
})
