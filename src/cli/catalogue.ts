import { classCommands } from './class-catalogue.ts'
import type { CommandEntry } from './command.ts'

const json = ['--json', 'print data for programs instead of text'] as const
const yes = ['--yes', 'do not ask'] as const
const web = [
  ['--port <number>', 'with pages: a port of your choice, instead of a free one'],
  ['--no-open', 'with pages: only print the address'],
] as const

const learn: readonly CommandEntry[] = [
  {
    usage: 'start [lesson]',
    summary: 'put the starter of a lesson into workspace/; never over your work',
    flags: [['--track <name>', 'follow this track from now on; "all" is the whole course']],
    examples: [
      ['start 01', 'the first lesson'],
      ['start', 'the next one that you have not begun'],
      ['start --track half-day', 'the first lesson of a track that you have not done'],
    ],
    group: 'Learn',
    load: () => import('./commands/start.ts'),
  },
  {
    usage: 'read [lesson]',
    summary: 'show the text of a lesson, without hints and solution',
    flags: [['--pages', 'page by page'], ['--web', 'in the browser, with code that runs'], ...web],
    examples: [
      ['read 01', 'the whole text'],
      ['read concurrency --pages', 'page by page; part of the name is enough'],
      ['read 01 --web', 'in the browser'],
    ],
    group: 'Learn',
    load: () => import('./commands/read.ts'),
  },
  {
    usage: 'run [lesson] [snippet]',
    summary: 'run the snippets of a lesson and show what comes back',
    flags: [json],
    examples: [
      ['run 01', 'all snippets, one after the other'],
      ['run 01 3', 'the third alone, on what the first two left behind'],
    ],
    group: 'Learn',
    load: () => import('./commands/run.ts'),
  },
  {
    usage: 'quiz [lesson]',
    summary: 'ask the questions of a lesson; the answers are kept',
    flags: [['--answers', 'print the questions with their answers and reasons'], json],
    examples: [
      ['quiz 01', 'one question after the other'],
      ['quiz 01 --answers', 'to read instead of being asked'],
    ],
    group: 'Learn',
    load: () => import('./commands/quiz.ts'),
  },
  {
    usage: 'console [lesson]',
    summary: 'try Redis commands and your own functions on the sandbox',
    flags: [['--solution', 'take the model functions, not yours']],
    examples: [
      ['console 05', 'with the data of lesson 05; .help there explains'],
      ['console', 'with the data of the lesson that you are at'],
    ],
    group: 'Learn',
    load: () => import('./commands/console.ts'),
  },
  {
    usage: 'check [lesson]',
    summary: 'run the tests on your answer and say what is wrong',
    flags: [
      ['--solution', 'check the model solution instead'],
      ['--starter', 'check the starter instead'],
      ['--file <path>', 'check any other file, as if it stood in workspace/'],
      ['--verbose', 'every failing task in full, and all commands'],
      json,
    ],
    examples: [
      ['check', 'the lesson that you are at'],
      ['check 07 --file ~/mine.ts', 'an answer that stands elsewhere'],
      ['check 07 --json', 'the verdict as data'],
    ],
    group: 'Learn',
    load: () => import('./commands/check.ts'),
  },
  {
    usage: 'watch [lesson]',
    summary: 'check your answer whenever you save it',
    flags: [
      ['--advance', 'go on to the next lesson by itself'],
      ['--json', 'no screen: each verdict as one line of JSON'],
      ['--poll', 'look at the file again and again, where the system does not tell of changes'],
    ],
    examples: [['watch 01', 'press ? there to see the keys']],
    group: 'Learn',
    load: () => import('./commands/watch.ts'),
  },
  {
    usage: 'hint [lesson]',
    summary: 'one hint more for the first task that does not pass yet',
    flags: [['--task <number>', 'for this task']],
    examples: [
      ['hint', 'one step more each time'],
      ['hint 07 --task 2', 'for the second task'],
    ],
    group: 'Learn',
    load: () => import('./commands/hint.ts'),
  },
  {
    usage: 'solution [lesson]',
    summary: 'show the model solution; asks first',
    flags: [yes],
    examples: [['solution 07', 'a pass after this counts as "passed after the solution"']],
    group: 'Learn',
    load: () => import('./commands/solution.ts'),
  },
  {
    usage: 'diff [lesson]',
    summary: 'show your answer beside the model solution; asks first',
    flags: [yes],
    examples: [['diff 07', 'what would have to change in yours']],
    group: 'Learn',
    load: () => import('./commands/diff.ts'),
  },
  {
    usage: 'reset <lesson>',
    summary: 'begin a lesson again; the old answer is kept as a dated copy',
    flags: [yes],
    examples: [['reset 07 --yes', 'without asking']],
    group: 'Learn',
    load: () => import('./commands/reset.ts'),
  },
  {
    usage: 'skip [lessons...]',
    summary: 'mark lessons as known; start takes one up again',
    flags: [],
    examples: [
      ['skip 01-06', 'the first six'],
      ['skip 04 snapshots', 'two of them'],
    ],
    group: 'Learn',
    load: () => import('./commands/skip.ts'),
  },
  {
    usage: 'placement',
    summary: 'a few questions that say where to begin',
    flags: [],
    examples: [['placement', 'for those who know some of it already']],
    group: 'Learn',
    load: () => import('./commands/placement.ts'),
  },
]

const look: readonly CommandEntry[] = [
  {
    usage: 'list',
    summary: 'show all lessons and how far you are',
    flags: [['--track <name>', 'the lessons of this track alone'], json],
    examples: [
      ['list', 'lessons by chapter'],
      ['list --track blog', 'what the track holds, and what it builds on'],
    ],
    group: 'Look',
    load: () => import('./commands/list.ts'),
  },
  {
    usage: 'progress',
    summary: 'show what you have done; take it to another machine',
    flags: [json],
    examples: [
      ['progress', 'chapter by chapter'],
      ['progress export mine.jsonl', 'then on the other machine: progress import mine.jsonl'],
    ],
    group: 'Look',
    load: () => import('./commands/progress.ts'),
    inner: [
      {
        usage: 'export <file>',
        summary: 'copy your progress to a file',
        flags: [['--force', 'overwrite the file']],
        examples: [['progress export mine.jsonl', 'to take it to another machine']],
        group: 'Look',
        load: () => import('./commands/progress-export.ts'),
      },
      {
        usage: 'import <file>',
        summary: 'add the progress of another machine to yours',
        flags: [],
        examples: [['progress import mine.jsonl', 'what is here already counts once']],
        group: 'Look',
        load: () => import('./commands/progress-import.ts'),
      },
    ],
  },
  {
    usage: 'doctor',
    summary: 'say what this machine has and lacks; changes nothing',
    flags: [['--class', 'before a class: run a whole check, too, and see whether the class answers'], json],
    examples: [
      ['doctor', 'each finding with its remedy'],
      ['doctor --class', 'the day before a class'],
    ],
    group: 'Look',
    load: () => import('./commands/doctor.ts'),
  },
]

const teach: readonly CommandEntry[] = [
  {
    usage: 'slides [lesson]',
    summary: 'show a lesson, or a whole track, as slides in the browser',
    flags: [['--track <name>', 'all lessons of a track'], ...web],
    examples: [
      ['slides 07', 'press ? there to see the keys; n opens the notes'],
      ['slides --track half-day', 'all lessons of the track'],
    ],
    group: 'Teach and write',
    load: () => import('./commands/slides.ts'),
  },
  {
    usage: 'tour',
    summary: 'rehearse a track: starters must fail, solutions must pass',
    flags: [
      ['--auto', 'walk through it without a person'],
      ['--track <name>', 'the track; all unless given'],
      json,
    ],
    examples: [['tour --auto --track half-day', 'the evening before a class']],
    group: 'Teach and write',
    load: () => import('./commands/tour.ts'),
  },
  {
    usage: 'dev',
    summary: 'for authors: check lessons, begin a new one',
    flags: [],
    examples: [
      ['dev check 07', 'everything that must hold for a lesson'],
      ['dev new outbox', 'the skeleton of a new lesson'],
    ],
    group: 'Teach and write',
    load: () => import('./commands/dev.ts'),
    inner: [
      {
        usage: 'check [lessons...]',
        summary: 'check text, starter, solution, right and wrong answers of lessons',
        flags: [json],
        examples: [
          ['dev check', 'all lessons'],
          ['dev check 01 02', 'two of them'],
        ],
        group: 'Teach and write',
        load: () => import('./commands/dev-check.ts'),
      },
      {
        usage: 'new <slug>',
        summary: 'make all files of a new lesson',
        flags: [
          ['--title <title>', 'its title'],
          ['--chapter <chapter>', 'its chapter; that of the last lesson unless given'],
        ],
        examples: [['dev new outbox', 'takes the next free number']],
        group: 'Teach and write',
        load: () => import('./commands/dev-new.ts'),
      },
    ],
  },
]

/** Every command, in the order of `--help`. */
export const catalogue: readonly CommandEntry[] = [...learn, ...look, ...classCommands, ...teach]

/** What `eventlings` alone does. */
export const walkthrough = () => import('./commands/walkthrough.ts')
