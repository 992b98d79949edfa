import type { ListedCommand } from '../command.ts'
import { classCommands } from './class/index.ts'
import { devCommands } from './dev/index.ts'

/** Every command, in the groups and in the order of `--help`. A command's file has its flags, and what it does. */
export const groups: readonly (readonly [title: string, commands: readonly ListedCommand[]])[] = [
  [
    'Learn',
    [
      {
        usage: 'init [name]',
        summary: 'create a folder for the course, and install it there',
        load: () => import('./init.ts'),
      },
      {
        usage: 'start [lesson]',
        summary: 'copy a starter to workspace/ (keeps your own work)',
        load: () => import('./start.ts'),
      },
      {
        usage: 'open [lesson]',
        summary: 'read, write, and check on one page in the browser',
        load: () => import('./open.ts'),
      },
      {
        usage: 'read [lesson]',
        summary: 'show the text of a lesson, without hints or solution',
        load: () => import('./read.ts'),
      },
      {
        usage: 'run [lesson] [snippet]',
        summary: 'run the snippets of a lesson and show their output',
        load: () => import('./run.ts'),
      },
      {
        usage: 'quiz [lesson]',
        summary: "ask a lesson's questions; your answers are saved",
        load: () => import('./quiz.ts'),
      },
      {
        usage: 'console [lesson]',
        summary: 'try Redis commands and your functions in the sandbox',
        load: () => import('./console.ts'),
      },
      {
        usage: 'check [lesson]',
        summary: "run the tests on your answer and say what's wrong",
        load: () => import('./check.ts'),
      },
      {
        usage: 'watch [lesson]',
        summary: 'check your answer whenever you save it',
        load: () => import('./watch.ts'),
      },
      {
        usage: 'hint [lesson]',
        summary: 'show the next hint for the first failing task',
        load: () => import('./hint.ts'),
      },
      {
        usage: 'solution [lesson]',
        summary: 'show the model solution (asks first)',
        load: () => import('./solution.ts'),
      },
      {
        usage: 'diff [lesson]',
        summary: 'compare your answer with the solution (asks first)',
        load: () => import('./diff.ts'),
      },
      {
        usage: 'reset <lesson>',
        summary: 'start a lesson over (keeps a copy of your answer)',
        load: () => import('./reset.ts'),
      },
      {
        usage: 'skip [lessons...]',
        summary: 'mark lessons as known; "start" brings one back',
        load: () => import('./skip.ts'),
      },
      {
        usage: 'placement',
        summary: 'answer a few questions to find out where to start',
        load: () => import('./placement.ts'),
      },
    ],
  ],
  [
    'Look',
    [
      {
        usage: 'list',
        summary: 'show all lessons and your progress',
        load: () => import('./list.ts'),
      },
      {
        usage: 'find [word...]',
        summary: 'look up a word in the glossary and in every lesson',
        load: () => import('./find.ts'),
      },
      {
        usage: 'explore [lesson|file]',
        summary: 'step through what a failed check did in Redis',
        load: () => import('./explore.ts'),
      },
      {
        usage: 'progress',
        summary: "show what you've done; move it to another machine",
        load: () => import('./progress.ts'),
        inner: [
          {
            usage: 'export <file>',
            summary: 'copy your progress and your answers',
            load: () => import('./progress/export.ts'),
          },
          {
            usage: 'import <file>',
            summary: 'add the progress of another machine to yours',
            load: () => import('./progress/import.ts'),
          },
        ],
      },
      {
        usage: 'doctor',
        summary: 'show what this machine has and lacks (changes nothing)',
        load: () => import('./doctor.ts'),
      },
    ],
  ],
  [
    'Class',
    [
      {
        usage: 'class',
        summary: 'run a class, or take part in one',
        load: () => import('./class.ts'),
        inner: classCommands,
      },
      {
        usage: 'stuck [text...]',
        summary: 'raise your hand; only your instructor sees it',
        load: () => import('./stuck.ts'),
      },
    ],
  ],
  [
    'Teach and write',
    [
      {
        usage: 'slides [lesson]',
        summary: 'show a lesson, or a track, as slides in the browser',
        load: () => import('./slides.ts'),
      },
      {
        usage: 'tour',
        summary: "check that a track's starters fail and solutions pass",
        load: () => import('./tour.ts'),
      },
      devCommands,
    ],
  ],
]

export const commands: readonly ListedCommand[] = groups.flatMap(([, listed]) => listed)

/** Without a command. */
export const walkthrough = () => import('./walkthrough.ts')
