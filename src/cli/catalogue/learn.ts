import type { CommandEntry } from '../command.ts'
import { json, web, yes } from './flags.ts'

const group = 'Learn'

/** Commands for working on a lesson. */
export const learnCommands: readonly CommandEntry[] = [
  {
    usage: 'init [name]',
    summary: 'create a folder for the course, and install it there',
    flags: [yes],
    examples: [
      ['init my-eventlings', 'then opens the walkthrough'],
      ['init my-eventlings --yes', 'only creates it'],
    ],
    group,
    load: () => import('../commands/init.ts'),
  },
  {
    usage: 'start [lesson]',
    summary: 'copy a starter to workspace/, never over your work',
    flags: [['--track <name>', 'follow this track from now on; "all" is the whole course']],
    examples: [
      ['start 01', 'the first lesson'],
      ['start', "the next one that you haven't started"],
      ['start --track half-day', "the first lesson of a track that you haven't done"],
    ],
    group,
    load: () => import('../commands/start.ts'),
  },
  {
    usage: 'read [lesson]',
    summary: 'show the text of a lesson, without hints or solution',
    flags: [
      ['--pages', 'page by page, which is the default in a terminal'],
      ['--no-pages', 'all at once'],
      ['--web', 'in the browser, with code that runs'],
      ...web,
    ],
    examples: [
      ['read 01', 'page by page; r runs a snippet'],
      ['read concurrency --no-pages', 'all at once; part of the name is enough'],
      ['read 01 --web', 'in the browser'],
    ],
    group,
    load: () => import('../commands/read.ts'),
  },
  {
    usage: 'run [lesson] [snippet]',
    summary: 'run the snippets of a lesson and show their output',
    flags: [json],
    examples: [
      ['run 01', 'all snippets, one after the other'],
      ['run 01 3', 'only the third, on the data that the first two left'],
    ],
    group,
    load: () => import('../commands/run.ts'),
  },
  {
    usage: 'quiz [lesson]',
    summary: 'ask the questions of a lesson; the answers are kept',
    flags: [['--answers', 'print the questions with their answers and reasons'], json],
    examples: [
      ['quiz 01', 'one question after the other'],
      ['quiz 01 --answers', 'to read them instead of answering'],
    ],
    group,
    load: () => import('../commands/quiz.ts'),
  },
  {
    usage: 'console [lesson]',
    summary: 'try Redis commands and your functions on the sandbox',
    flags: [['--solution', 'use the model functions, not yours']],
    examples: [
      ['console 05', 'with the data of lesson 05; type .help there'],
      ['console', 'with the data of your current lesson'],
    ],
    group,
    load: () => import('../commands/console.ts'),
  },
  {
    usage: 'check [lesson]',
    summary: "run the tests on your answer and say what's wrong",
    flags: [
      ['--solution', 'check the model solution instead'],
      ['--starter', 'check the starter instead'],
      ['--file <path>', 'check any other file, as if it were in workspace/'],
      ['--all', "check every lesson that you've started"],
      ['--track <name>', "check every lesson of a track, even ones you haven't started"],
      ['--verbose', 'every failing task in full, and all commands'],
      ['--record <file>', 'write what the first failing test did, step by step, to this file'],
      ['--task <number>', 'with --record: record this task instead'],
      json,
    ],
    examples: [
      ['check', 'your current lesson'],
      ['check --all', "one line for each lesson that you've started"],
      ['check 07 --file ~/mine.ts', 'an answer in another folder'],
      ['check 07 --json', 'the verdict as data'],
      ['check 07 --record run.json', 'what each command changed, as data'],
    ],
    group,
    load: () => import('../commands/check.ts'),
  },
  {
    usage: 'watch [lesson]',
    summary: 'check your answer whenever you save it',
    flags: [
      ['--advance', 'move to the next lesson automatically'],
      ['--json', 'no screen: each verdict as one line of JSON'],
      ['--poll', "poll the file, where the system doesn't report changes"],
    ],
    examples: [['watch 01', 'press ? there to see the keys']],
    group,
    load: () => import('../commands/watch.ts'),
  },
  {
    usage: 'hint [lesson]',
    summary: 'show the next hint for the first failing task',
    flags: [['--task <number>', 'for this task']],
    examples: [
      ['hint', 'one more step each time'],
      ['hint 07 --task 2', 'for the second task'],
    ],
    group,
    load: () => import('../commands/hint.ts'),
  },
  {
    usage: 'solution [lesson]',
    summary: 'show the model solution; asks first',
    flags: [['--others', 'show other right answers instead'], yes],
    examples: [
      ['solution 07', 'a pass after this counts as "passed after the solution"'],
      ['solution 07 --others', 'how else it can be done'],
    ],
    group,
    load: () => import('../commands/solution.ts'),
  },
  {
    usage: 'diff [lesson]',
    summary: 'compare yours with the model solution; asks first',
    flags: [
      yes,
      ['--starter', "show how the lesson's tasks and starter have changed since you began or passed it"],
    ],
    examples: [
      ['diff 07', 'what to change to get from yours to the solution'],
      ['diff 07 --starter', 'what an update has changed in the lesson'],
    ],
    group,
    load: () => import('../commands/diff.ts'),
  },
  {
    usage: 'reset <lesson>',
    summary: 'start a lesson over; keeps your answer as a dated copy',
    flags: [yes],
    examples: [['reset 07 --yes', 'without asking']],
    group,
    load: () => import('../commands/reset.ts'),
  },
  {
    usage: 'skip [lessons...]',
    summary: 'mark lessons as known; "start" brings one back',
    flags: [],
    examples: [
      ['skip 01-06', 'the first six'],
      ['skip 04 snapshots', 'two of them'],
    ],
    group,
    load: () => import('../commands/skip.ts'),
  },
  {
    usage: 'placement',
    summary: 'answer a few questions to find out where to start',
    flags: [],
    examples: [['placement', 'if you already know some of this']],
    group,
    load: () => import('../commands/placement.ts'),
  },
]
