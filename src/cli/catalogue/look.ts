import type { CommandEntry } from '../command.ts'
import { json } from './flags.ts'

const group = 'Look'

/** Commands for seeing your progress, and what the machine has. */
export const lookCommands: readonly CommandEntry[] = [
  {
    usage: 'list',
    summary: 'show all lessons and your progress',
    flags: [['--track <name>', 'only the lessons of this track'], json],
    examples: [
      ['list', 'lessons by chapter'],
      ['list --track blog', 'what the track contains, and what it builds on'],
    ],
    group,
    load: () => import('../commands/list.ts'),
  },
  {
    usage: 'find [word...]',
    summary: 'look up a word in the glossary and in every lesson',
    flags: [json],
    examples: [
      ['find checkpoint', 'what it means, and which lessons use it'],
      ['find', 'all words of the glossary'],
    ],
    group,
    load: () => import('../commands/find.ts'),
  },
  {
    usage: 'explore [lesson|file]',
    summary: 'step through what a failed check did in Redis',
    flags: [['--plain', 'all steps as a list, without a screen'], json],
    examples: [
      ['explore', 'the last check that failed'],
      ['explore 07', 'the same, if it was lesson 07'],
      ['explore run.json', 'a recording that "check --record run.json" wrote'],
    ],
    group,
    load: () => import('../commands/explore.ts'),
  },
  {
    usage: 'progress',
    summary: "show what you've done; move it to another machine",
    flags: [json],
    examples: [
      ['progress', 'chapter by chapter'],
      ['progress export mine.jsonl', 'then on the other machine: progress import mine.jsonl'],
    ],
    group,
    load: () => import('../commands/progress.ts'),
    inner: [
      {
        usage: 'export <file>',
        summary: 'copy your progress and your answers',
        flags: [['--force', 'overwrite the file']],
        examples: [['progress export mine.jsonl', 'to take it to another machine']],
        group,
        load: () => import('../commands/progress-export.ts'),
      },
      {
        usage: 'import <file>',
        summary: 'add the progress of another machine to yours',
        flags: [],
        examples: [['progress import mine.jsonl', "progress that's already here counts once"]],
        group,
        load: () => import('../commands/progress-import.ts'),
      },
    ],
  },
  {
    usage: 'doctor',
    summary: 'show what this machine has and lacks; changes nothing',
    flags: [['--class', 'before a class: also run a whole check, and see if the class answers'], json],
    examples: [
      ['doctor', 'each finding, and what to do about it'],
      ['doctor --class', 'the day before a class'],
    ],
    group,
    load: () => import('../commands/doctor.ts'),
  },
]
