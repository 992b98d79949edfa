import { isPackaged } from '../../common/own-folder.ts'
import type { CommandEntry } from '../command.ts'
import { json, web } from './flags.ts'

const group = 'Teach and write'

const inClone = (load: CommandEntry['load']): CommandEntry['load'] =>
  isPackaged ? () => import('../commands/clone-only.ts') : load

/** Commands for teaching the course, or writing for it. */
export const teachCommands: readonly CommandEntry[] = [
  {
    usage: 'slides [lesson]',
    summary: 'show a lesson, or a track, as slides in the browser',
    flags: [['--track <name>', 'all lessons of a track'], ...web],
    examples: [
      ['slides 07', 'press ? there to see the keys; n opens the notes'],
      ['slides --track half-day', 'all lessons of the track'],
    ],
    group,
    load: () => import('../commands/slides.ts'),
  },
  {
    usage: 'tour',
    summary: "check that a track's starters fail and solutions pass",
    flags: [['--auto', 'walk through it automatically'], ['--track <name>', 'the track; default: all'], json],
    examples: [['tour --auto --track half-day', 'the evening before a class']],
    group,
    load: () => import('../commands/tour.ts'),
  },
  {
    usage: 'dev',
    summary: 'for authors: check and create lessons, add mistakes',
    flags: [],
    examples: [
      ['dev check 07', 'everything that must be true of a lesson'],
      ['dev new outbox', 'the skeleton of a new lesson'],
      ['dev mistake 07 my-answer.ts', 'a file with a mistake, as a section for test/mistakes'],
    ],
    group,
    load: inClone(() => import('../commands/dev.ts')),
    inner: [
      {
        usage: 'check [lessons...]',
        summary: 'check text, starter, solution, right answers, and mistakes of lessons',
        flags: [json],
        examples: [
          ['dev check', 'all lessons'],
          ['dev check 01 02', 'two of them'],
        ],
        group,
        load: inClone(() => import('../commands/dev-check.ts')),
      },
      {
        usage: 'new <slug>',
        summary: 'create all files of a new lesson',
        flags: [
          ['--title <title>', 'its title'],
          ['--chapter <chapter>', "its chapter; default: the last lesson's chapter"],
        ],
        examples: [['dev new outbox', 'uses the next free number']],
        group,
        load: inClone(() => import('../commands/dev-new.ts')),
      },
      {
        usage: 'new-course <folder>',
        summary: 'create a course of your own, with a single lesson',
        flags: [],
        examples: [['dev new-course ../my-course', 'then add --course ../my-course to any command']],
        group,
        load: inClone(() => import('../commands/dev-new-course.ts')),
      },
      {
        usage: 'mistake <lesson> <file-or-name>',
        summary: 'turn a wrong answer into a section of test/mistakes, or a section into the file',
        flags: [['--append', "add the section to the lesson's mistakes"]],
        examples: [
          ['dev mistake 07 my-answer.ts', 'checks the file, and prints its section'],
          ['dev mistake 07 my-answer.ts --append', 'adds it to test/mistakes/07-concurrency.md'],
          ['dev mistake 07 clock-as-id', 'prints the file of a section'],
        ],
        group,
        load: inClone(() => import('../commands/dev-mistake.ts')),
      },
    ],
  },
]
