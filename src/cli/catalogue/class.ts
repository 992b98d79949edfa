import type { CommandEntry } from '../command.ts'
import { json, yes } from './flags.ts'

const which = ['--name <name>', 'which class, by part of its name; default: the latest'] as const
const port = ['--port <number>', 'the port to use'] as const
const group = 'Class'

const forLearners: readonly CommandEntry[] = [
  {
    usage: 'join [address]',
    summary: 'join a class: the instructor sees your progress',
    flags: [
      ['--code <code>', 'the join code'],
      ['--as <name>', 'the name that the instructor sees'],
      ['--share', 'show your code, too; "class share off" stops that'],
    ],
    examples: [['class join http://192.168.1.5:4280 --code K7QX2M --as Ada', 'asks for what is missing']],
    group,
    load: () => import('../commands/class-join.ts'),
  },
  {
    usage: 'status',
    summary: "show the class that you're in, or that you teach",
    flags: [json],
    examples: [['class status', "what was sent, what's waiting, and class news"]],
    group,
    load: () => import('../commands/class-status.ts'),
  },
  {
    usage: 'share <on|off>',
    summary: 'show your code to the instructor, or stop showing it',
    flags: [],
    examples: [['class share off', 'also deletes the code already sent']],
    group,
    load: () => import('../commands/class-share.ts'),
  },
  {
    usage: 'send',
    summary: "send the class everything it doesn't have yet",
    flags: [['--background', 'print nothing, and keep trying for a while']],
    examples: [['class send', 'this happens automatically after each command']],
    group,
    load: () => import('../commands/class-send.ts'),
  },
  {
    usage: 'leave',
    summary: 'leave the class, and have it delete your data',
    flags: [yes],
    examples: [['class leave', 'your own progress stays here']],
    group,
    load: () => import('../commands/class-leave.ts'),
  },
]

const forInstructors: readonly CommandEntry[] = [
  {
    usage: 'open',
    summary: 'open a class: address, join code, dashboard',
    flags: [
      ['--name <name>', 'what learners see'],
      ['--track <name>', 'the lessons of this track'],
      ['--host <address>', '0.0.0.0 for the whole network; default: only this machine'],
      port,
      ['--no-open', "don't open the browser"],
    ],
    examples: [
      ['class open --name Tuesday --host 0.0.0.0', 'for everyone in the room'],
      ['class open', 'to try it alone'],
    ],
    group,
    load: () => import('../commands/class-open.ts'),
  },
  {
    usage: 'resume',
    summary: 'reopen a class, after a crash or the next day',
    flags: [
      which,
      ['--host <address>', 'as with open; default: as before'],
      port,
      ['--no-open', "don't open the browser"],
    ],
    examples: [['class resume', 'the latest class, with the same code and secret']],
    group,
    load: () => import('../commands/class-resume.ts'),
  },
  {
    usage: 'close',
    summary: 'close a class: it stops accepting learners and events',
    flags: [which],
    examples: [['class close', '"class resume" reopens it']],
    group,
    load: () => import('../commands/class-close.ts'),
  },
  {
    usage: 'export <file>',
    summary: 'write everything about a class to a file: .csv or .json',
    flags: [which, ['--force', 'overwrite the file']],
    examples: [['class export tuesday.csv', 'one row per attempt']],
    group,
    load: () => import('../commands/class-export.ts'),
  },
  {
    usage: 'report',
    summary: 'show which diagnoses cost the class the most time',
    flags: [which, json],
    examples: [['class report', 'what to start with next time']],
    group,
    load: () => import('../commands/class-report.ts'),
  },
  {
    usage: 'doctor',
    summary: 'check if this machine can host a class; changes nothing',
    flags: [json],
    examples: [['class doctor', 'addresses, port, Redis']],
    group,
    load: () => import('../commands/class-doctor.ts'),
  },
  {
    usage: 'bundle <file>',
    summary: 'pack the course for a room without internet',
    flags: [],
    examples: [['class bundle course.tar.gz', 'the course, its packages, and the image, for a USB stick']],
    group,
    load: () => import('../commands/class-bundle.ts'),
  },
  {
    usage: 'simulate',
    summary: 'simulate a class on its own hub and Redis, and measure it',
    flags: [
      ['--learners <number>', 'how many; default: 300'],
      ['--seconds <number>', 'how long; default: 20'],
      ['--hubs <number>', 'number of hubs on one Redis'],
      json,
    ],
    examples: [['class simulate --learners 300', 'what this machine can handle']],
    group,
    load: () => import('../commands/class-simulate.ts'),
  },
]

/** Commands for classes. */
export const classCommands: readonly CommandEntry[] = [
  {
    usage: 'class',
    summary: 'run a class, or take part in one',
    flags: [],
    examples: [
      ['class open --host 0.0.0.0', 'for the instructor'],
      ['class join http://192.168.1.5:4280', 'for learners'],
    ],
    group,
    load: () => import('../commands/class.ts'),
    inner: [...forLearners, ...forInstructors],
  },
  {
    usage: 'stuck [text...]',
    summary: 'raise a hand that only your instructor sees',
    flags: [['--done', 'lower it again']],
    examples: [['stuck why is my version 0?', 'with a few words']],
    group,
    load: () => import('../commands/stuck.ts'),
  },
]
