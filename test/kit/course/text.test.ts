import type { Token } from 'markdown-it'
import { describe, expect, test } from 'vitest'
import { BadLessonError } from '../../../src/course/index.ts'
import { parseLesson } from '../../../src/course/parse.ts'
import type { Need } from '../../../src/redis/index.ts'
import { lessonFile, oneTask } from './course-folder.ts'

const fence = '```'

function parse(text: string, needs: readonly Need[] = []) {
  return parseLesson('lessons/01-events.md', lessonFile({}, text), { needs })
}

/** What is written in each block. */
function contents(tokens: readonly Token[] = []): readonly string[] {
  return tokens.map(({ content }) => content).filter((content) => content !== '')
}

/** The error of a text, with the line of the file that it names. */
async function problemOf(
  text: string,
): Promise<{ field: string; problem: string; lineText: string | undefined }> {
  const error = await parse(text).catch((thrown: unknown) => thrown)
  if (!(error instanceof BadLessonError)) throw new Error(`No BadLessonError: ${String(error)}`)
  const lineText = lessonFile({}, text).split('\n')[(error.line ?? 0) - 1]
  return { field: error.field, problem: error.problem, lineText }
}

const whole = `# Events

Intro.

${fence}ts
## Task 9 · not a heading
${fence}

## Task 1 · \`createEvent\`

Minutes: 15
Needs: real-server

What to write:

${fence}ts
### Hints
export function createEvent(): void
${fence}

### Hints
1. Vague.
2. Clearer, over
   two lines.

   ${fence}ts
   const indented = {
     deeper: 1,
   }
   ${fence}
10. Nearly the code.

## Task 2 · MalformedEventError with "quotes"
Builds on: createEvent

Text.
### Details
More.
### Hints

1) One.

### Afterwards
Behind the hints.

## Quiz

### What is an event?
- [ ] A command
  It isn't a fact yet.

  Not even a wish.
- [x] A fact
- [X] History

### And this?

${fence}ts
- [ ] no answer
${fence}

* [x] yes
* [ ] no

## In production
Careful.

## Read next
More.
`

describe('the parts of a lesson', () => {
  test('intro, outro and text', async () => {
    const { intro, outro, text } = await parse(whole)
    expect(contents(intro)).toEqual(['Events', 'Intro.', '## Task 9 · not a heading\n'])
    expect(contents(outro)).toEqual(['In production', 'Careful.', 'Read next', 'More.'])
    expect(text).toBe(whole.trim())
  })

  test('tasks: name without backticks, text with a sentence about its time and its needs, and without hints', async () => {
    const { tasks } = await parse(whole)
    expect(tasks).toHaveLength(2)
    expect(tasks[0]).toMatchObject({
      name: 'createEvent',
      number: 1,
      needs: ['real-server'],
      buildsOn: [],
      minutes: 15,
    })
    expect(contents(tasks[0]?.text)).toEqual([
      'Task 1 · `createEvent`',
      '*About 15 minutes. Needs a real Redis server.*',
      'What to write:',
      '### Hints\nexport function createEvent(): void\n',
    ])
    expect(tasks[1]).toMatchObject({
      name: 'MalformedEventError with "quotes"',
      number: 2,
      needs: [],
      buildsOn: ['createEvent'],
      hints: ['One.'],
      helps: [[]],
    })
    expect(contents(tasks[1]?.text)).toEqual([
      'Task 2 · MalformedEventError with "quotes"',
      'Text.',
      'Details',
      'More.',
      'Afterwards',
      'Behind the hints.',
    ])
  })

  test('hints keep their code, without the indentation of the list', async () => {
    const { tasks } = await parse(whole)
    expect(tasks[0]?.hints).toEqual([
      'Vague.',
      `Clearer, over\ntwo lines.\n\n${fence}ts\nconst indented = {\n  deeper: 1,\n}\n${fence}`,
      'Nearly the code.',
    ])
  })

  test('every task needs what the lesson needs', async () => {
    const { tasks } = await parse(whole, ['cluster', 'real-server'])
    expect(tasks.map(({ needs }) => needs)).toEqual([
      ['cluster', 'real-server'],
      ['cluster', 'real-server'],
    ])
  })

  test('quiz: answers with their explanations, code in the question', async () => {
    const { quiz } = await parse(whole)
    expect(quiz).toEqual([
      {
        question: 'What is an event?',
        answers: [
          { text: 'A command', right: false, explanation: "It isn't a fact yet.\n\nNot even a wish." },
          { text: 'A fact', right: true, explanation: '' },
          { text: 'History', right: true, explanation: '' },
        ],
      },
      {
        question: `And this?\n\n${fence}ts\n- [ ] no answer\n${fence}`,
        answers: [
          { text: 'yes', right: true, explanation: '' },
          { text: 'no', right: false, explanation: '' },
        ],
      },
    ])
  })

  test("a question may belong to a snippet; that line isn't part of its text", async () => {
    const snippet = `${fence}redis\n> PING\nPONG\n${fence}`
    const quiz =
      '## Quiz\n### What?\n\nBefore: snippet 1\n\nThink.\n- [x] a\n- [ ] b\n### Why?\nBefore all.\n- [x] a\n- [ ] b\n'
    expect((await parse(`${snippet}\n${oneTask}\n${quiz}`)).quiz).toMatchObject([
      { question: 'What?\n\nThink.', before: 1 },
      { question: 'Why?\n\nBefore all.' },
    ])
  })

  test('speaker notes may be anywhere: below answers, and beside hints', async () => {
    const note = '<!-- note: Take your time. -->'
    const quiz = `## Quiz\n### What?\n- [x] a\n- [ ] b\n\n${note}\n\n### Why?\n- [x] a\n- [ ] b\n${note}\n`
    const task = oneTask.replace('1. Think.', `${note}\n\n1. Think.\n\n${note}`)
    const lesson = await parse(`${task}\n${quiz}`)
    expect(lesson.tasks.map(({ hints }) => hints)).toEqual([['Think.']])
    expect(lesson.quiz.map(({ answers }) => answers.map(({ text }) => text))).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ])
  })

  test('a lesson without a quiz has none', async () => {
    expect(await parse(oneTask)).toMatchObject({ quiz: [], outro: [], snippets: [] })
  })
})

describe('a text that breaks the format names the line and what to do', () => {
  const hints = '\n### Hints\n1. x\n'
  test.each([
    ['no task', '# Events\n', 'tasks', 'Start one with "## Task 1 · <name>".'],
    ['something other than the dot', `## Task 1: a${hints}`, 'tasks', 'Write "## Task 1 · <name>"'],
    [
      'a number left out',
      `## Task 1 · a${hints}\n## Task 3 · b${hints}`,
      'tasks',
      'Write "## Task 2 · <name>"',
    ],
    ['a task twice', `## Task 1 · a${hints}\n## Task 2 · a${hints}`, 'tasks', 'Two tasks are called "a".'],
    ['no hints', '## Task 1 · a\ntext\n', 'hints', 'Task "a" has no hints. Add "### Hints"'],
    ['hints of the next task', `## Task 1 · a\n## Task 2 · b${hints}`, 'hints', 'Task "a" has no hints.'],
    ['hints without a list', '## Task 1 · a\n### Hints\nthink\n', 'hints', "aren't one numbered list"],
    ['hints as bullets', '## Task 1 · a\n### Hints\n- think\n', 'hints', "aren't one numbered list"],
    [
      'text after a hint',
      '## Task 1 · a\n### Hints\n1. x\n\nstray\n',
      'hints',
      'indent everything in a hint',
    ],
    ['an empty hint', '## Task 1 · a\n### Hints\n1. x\n2.\n', 'hints', 'This hint is empty.'],
    ['hints twice', `## Task 1 · a${hints}${hints}`, 'hints', 'has hints in two places'],
    [
      'an unknown need',
      `## Task 1 · a\nNeeds: docker${hints}`,
      'needs',
      'Write real-server or own-server or cluster.',
    ],
    [
      "a time that isn't a number",
      `## Task 1 · a\nMinutes: many${hints}`,
      'minutes',
      '"many" isn\'t a whole number of minutes.',
    ],
    [
      'a task built on an unknown one',
      `## Task 1 · a\nBuilds on: a${hints}`,
      'tasks',
      `"a" isn't the name of an earlier task.`,
    ],
    [
      'text right below what a task builds on',
      `## Task 1 · a\nNeeds: cluster\ntext${hints}`,
      'tasks',
      'Leave a blank line above "text".',
    ],
    ['an empty quiz', `${oneTask}\n## Quiz\nnothing\n`, 'quiz', 'The quiz has no questions.'],
    ['no answers', `${oneTask}\n## Quiz\n### Why?\ntext\n`, 'quiz', '"Why?" has no list of answers.'],
    ['a single answer', `${oneTask}\n## Quiz\n### Why?\n- [x] a\n`, 'quiz', 'needs at least two answers'],
    [
      'no right answer',
      `${oneTask}\n## Quiz\n### Why?\n- [ ] a\n- [ ] b\n`,
      'quiz',
      '"Why?" has no right answer.',
    ],
    [
      'a question before a snippet that is not there',
      `${oneTask}\n## Quiz\n### Why?\nBefore: snippet 2\n- [x] a\n- [ ] b\n`,
      'quiz',
      'should come before snippet 2, but the lesson has no snippets.',
    ],
    [
      'a question before something else',
      `${oneTask}\n## Quiz\n### Why?\nBefore: Task 2\n- [x] a\n- [ ] b\n`,
      'quiz',
      'write "Before: snippet 2"',
    ],
    ['no box', `${oneTask}\n## Quiz\n### Why?\n- [x] a\n- b\n`, 'quiz', 'An answer starts with "- [ ]"'],
  ])('%s', async (_what, text, field, problem) => {
    expect(await problemOf(text)).toMatchObject({ field, problem: expect.stringContaining(problem) })
  })

  test('the line number counts the front matter', async () => {
    const text = `${oneTask}\n## Quiz\n### Why?\n- [x] a\n- b\n`
    expect(await problemOf(text)).toMatchObject({ lineText: '- b' })
    const placed = `${oneTask}\n## Quiz\n### Why?\nBefore: snippet 9\n- [x] a\n- [ ] b\n`
    expect(await problemOf(placed)).toMatchObject({ lineText: 'Before: snippet 9' })
    expect(await problemOf('# Events\n\n## Task 1 · a\nNeeds: x\n')).toMatchObject({ lineText: 'Needs: x' })
  })
})
