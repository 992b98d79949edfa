import type { Lesson } from '../course/index.ts'
import { error, type Finding, warning } from './finding.ts'
import type { LessonSources } from './lesson-sources.ts'
import { problemsOfLinks } from './links.ts'
import { countWords, MOST_COLUMNS, wideLines } from './prose.ts'
import { problemOfTitles, readSuite } from './suite-code.ts'

const most = { minutes: 40, words: 1_600 } as const
const least = { hints: 3, right: 2, mistakes: 5, words: 600 } as const

/** Everything that can be checked without running an answer. */
export async function findingsAtRest(sources: LessonSources): Promise<readonly Finding[]> {
  return [
    ...files(sources),
    ...todos(sources),
    ...text(sources),
    ...width(sources),
    ...helps(sources),
    ...(await links(sources)),
    ...suite(sources),
    ...answers(sources),
  ]
}

function files({ files, starter, solution, suite, shown }: LessonSources): readonly Finding[] {
  const parts = [
    { file: files.starter, text: starter, what: 'the starter is' },
    { file: files.solution, text: solution, what: 'the solution is' },
    { file: files.suite, text: suite, what: 'the tests are' },
  ]
  return parts
    .filter((part) => part.text === undefined)
    .map(({ file, what }) => error('files', shown(file), `The file doesn't exist, so ${what} missing.`))
}

/** `dev new` marks everything that the author has to write with TODO. */
function todos({
  lesson,
  files,
  starter,
  solution,
  suite,
  right,
  wrong,
  shown,
}: LessonSources): readonly Finding[] {
  const texts = [
    { shown: shown(files.lesson), text: lesson.text },
    { shown: shown(files.starter), text: starter ?? '' },
    { shown: shown(files.solution), text: solution ?? '' },
    { shown: shown(files.suite), text: suite ?? '' },
    ...right,
    ...wrong.map(({ shown, says, block }) => ({ shown, text: `${says}\n${block}` })),
  ]
  return texts.flatMap(({ shown, text }) => {
    const count = text.match(/\bTODO\b/g)?.length ?? 0
    if (count === 0) return []
    return [
      error(
        'todo',
        shown,
        `It still says TODO, ${count === 1 ? 'once' : `${count} times`}. Write what's missing.`,
      ),
    ]
  })
}

function text({ lesson, files, shown }: LessonSources): readonly Finding[] {
  const file = shown(files.lesson)
  const words = countWords(lesson)
  const few = lesson.tasks.filter(({ hints }) => hints.length < least.hints)
  return [
    ...few.map(({ name, hints }) =>
      error('hints', file, `Task "${name}" has ${hints.length} hints; write at least ${least.hints}.`),
    ),
    ...lesson.quiz.flatMap(({ question, answers }) => {
      const bare = answers.filter(({ explanation }) => explanation === '').length
      if (bare === 0) return []
      const [title = ''] = question.split('\n')
      return [
        error(
          'quiz',
          file,
          `Question "${title}": ${bare} of its answers give no reason. Indent one below each.`,
        ),
      ]
    }),
    ...tooLong(lesson).map((problem) => error('minutes', file, problem)),
    ...(words >= least.words && words <= most.words
      ? []
      : [warning('words', file, `${words} words to read; aim for ${least.words} to ${most.words}.`)]),
  ]
}

/** A lesson may take longer than one sitting if it says where to stop: after any of its tasks. */
function tooLong({ minutes, tasks }: Lesson): readonly string[] {
  const given = tasks.flatMap((task) => task.minutes ?? [])
  const sum = given.reduce((total, one) => total + one, 0)
  const long = tasks.find((task) => (task.minutes ?? 0) > most.minutes)
  if (given.length > 0 && given.length < tasks.length)
    return [
      `Only ${given.length} of its ${tasks.length} tasks say how long they take. Write "Minutes: …" below each heading.`,
    ]
  if (long !== undefined)
    return [
      `Task "${long.name}" takes ${long.minutes} minutes; the maximum is ${most.minutes}. Split the task.`,
    ]
  if (sum > minutes)
    return [
      `Its tasks take ${sum} minutes, but the lesson says it takes only ${minutes}. Write their sum plus the time it takes to read the text.`,
    ]
  if (given.length > 0 || minutes <= most.minutes) return []
  return [
    `${minutes} minutes is more than one sitting, which is ${most.minutes}. Split the lesson, or write "Minutes: …" below each task's heading.`,
  ]
}

function width({ lesson, files, shown }: LessonSources): readonly Finding[] {
  const file = shown(files.lesson)
  const { drawings, code } = wideLines(lesson)
  const broken = `wider than ${MOST_COLUMNS} columns, so an 80-column terminal wraps`
  return [
    ...drawings.map((line) => error('width', file, `This line of a drawing is ${broken} it: ${line.trim()}`)),
    ...(code.length === 0
      ? []
      : [
          warning(
            'width',
            file,
            `Lines of code that are ${broken} them: ${code.length}. The first: ${code[0]}`,
          ),
        ]),
  ]
}

async function links({ lesson, files, shown }: LessonSources): Promise<readonly Finding[]> {
  const problems = await problemsOfLinks(lesson.tokens, files.lesson)
  return problems.map((problem) => error('links', shown(files.lesson), problem))
}

function suite({ lesson, suite, files, shown }: LessonSources): readonly Finding[] {
  if (suite === undefined) return []
  const tasks = lesson.tasks.map(({ name }) => name)
  const problem = problemOfTitles(readSuite(suite).titles, tasks)
  return problem === undefined ? [] : [error('titles', shown(files.suite), problem)]
}

/** Words of a diagnosis that nothing says anymore would make a hint come too late without a word. */
function helps({ lesson, suite = '', wrong, files, shown }: LessonSources): readonly Finding[] {
  const said = plain([suite, ...wrong.map(({ says }) => says)].join('\n'))
  return lesson.tasks.flatMap(({ name, helps }) =>
    helps.flatMap((all, index) =>
      all
        .filter((words) => !said.includes(plain(words)))
        .map((words) =>
          error(
            'hints',
            shown(files.lesson),
            `Hint ${index + 1} of task "${name}" helps with "${words}", but no diagnosis has these words.`,
          ),
        ),
    ),
  )
}

/** As a diagnosis is compared with a hint's words, and without the escapes of a string. */
function plain(text: string): string {
  return text.replaceAll('\\', '').replaceAll('’', "'").replace(/\s+/g, ' ').toLowerCase()
}

function answers(sources: LessonSources): readonly Finding[] {
  const { lesson, files, solution, right, wrong, brokenMistakes, shown, shownMistake } = sources
  const few = (file: string, count: number, wanted: number, kind: string) =>
    count >= wanted ? [] : [error('answers', shown(file), `${count} ${kind}; write at least ${wanted}.`)]
  const tasks = lesson.tasks.map(({ name }) => name)
  const lost = wrong.filter(({ task }) => !tasks.includes(task))
  // Without the solution nearly all of them are broken, and the missing solution has been reported.
  const broken = solution === undefined ? [] : brokenMistakes
  return [
    ...few(files.rightAnswers, right.length, least.right, 'right answers'),
    ...few(files.mistakes, wrong.length + brokenMistakes.length, least.mistakes, 'mistakes'),
    ...broken.map(({ name, problem }) => error('mistake', shownMistake(name), problem)),
    ...lost.map(({ shown, task }) =>
      error('mistake', shown, `Its task "${task}" isn't one of ${tasks.join(', ')}.`),
    ),
  ]
}
