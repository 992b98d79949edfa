import type { CommandEntry } from '../command.ts'
import { json, yes } from './flags.ts'

const which = ['--name <name>', 'which class, by a part of its name; the latest unless given'] as const
const port = ['--port <number>', 'a port of your choice'] as const
const group = 'Class'

const forLearners: readonly CommandEntry[] = [
  {
    usage: 'join [address]',
    summary: 'join a class: the instructor sees how far you are',
    flags: [
      ['--code <code>', 'the join code'],
      ['--as <name>', 'the name that the instructor sees'],
      ['--share', 'show your code, too; "class share off" ends that'],
    ],
    examples: [['class join http://192.168.1.5:4280 --code K7QX2M --as Ada', 'asks for what is missing']],
    group,
    load: () => import('../commands/class-join.ts'),
  },
  {
    usage: 'status',
    summary: 'the class that you are in, or that you hold',
    flags: [json],
    examples: [['class status', 'what is sent, what waits, what the class says']],
    group,
    load: () => import('../commands/class-status.ts'),
  },
  {
    usage: 'share <on|off>',
    summary: 'show your code to the instructor, or not any more',
    flags: [],
    examples: [['class share off', 'what was sent is deleted there, too']],
    group,
    load: () => import('../commands/class-share.ts'),
  },
  {
    usage: 'send',
    summary: 'send now what the class has not got yet',
    flags: [['--background', 'say nothing, and try again for a while']],
    examples: [['class send', 'this happens by itself after each command']],
    group,
    load: () => import('../commands/class-send.ts'),
  },
  {
    usage: 'leave',
    summary: 'leave the class: it forgets what it has of you',
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
      ['--host <address>', '0.0.0.0 for everybody on the network; this machine alone unless given'],
      port,
      ['--no-open', 'do not open the browser'],
    ],
    examples: [
      ['class open --name Tuesday --host 0.0.0.0', 'for the room'],
      ['class open', 'to try it alone'],
    ],
    group,
    load: () => import('../commands/class-open.ts'),
  },
  {
    usage: 'resume',
    summary: 'open a class again, after a crash or the next day',
    flags: [
      which,
      ['--host <address>', 'as with open; as before unless given'],
      port,
      ['--no-open', 'do not open the browser'],
    ],
    examples: [['class resume', 'the latest class, with the same code and secret']],
    group,
    load: () => import('../commands/class-resume.ts'),
  },
  {
    usage: 'close',
    summary: 'close a class: nobody can join or send any more',
    flags: [which],
    examples: [['class close', '"class resume" opens it again']],
    group,
    load: () => import('../commands/class-close.ts'),
  },
  {
    usage: 'export <file>',
    summary: 'write everything about a class to a file: .csv or .json',
    flags: [which, ['--force', 'overwrite the file']],
    examples: [['class export tuesday.csv', 'a row for each attempt']],
    group,
    load: () => import('../commands/class-export.ts'),
  },
  {
    usage: 'report',
    summary: 'which diagnoses cost the class the most time',
    flags: [which, json],
    examples: [['class report', 'what to begin with next time']],
    group,
    load: () => import('../commands/class-report.ts'),
  },
  {
    usage: 'doctor',
    summary: 'say whether this machine can hold a class; changes nothing',
    flags: [json],
    examples: [['class doctor', 'addresses, port, Redis']],
    group,
    load: () => import('../commands/class-doctor.ts'),
  },
  {
    usage: 'bundle <file>',
    summary: 'make one archive for a room without internet',
    flags: [],
    examples: [['class bundle course.tar.gz', 'course, packages and image, to hand round on a stick']],
    group,
    load: () => import('../commands/class-bundle.ts'),
  },
  {
    usage: 'simulate',
    summary: 'play a class against a hub and a Redis of its own, and measure',
    flags: [
      ['--learners <number>', 'how many; 300 unless given'],
      ['--seconds <number>', 'how long; 20 unless given'],
      ['--hubs <number>', 'several on one Redis'],
      json,
    ],
    examples: [['class simulate --learners 300', 'what this machine can hold']],
    group,
    load: () => import('../commands/class-simulate.ts'),
  },
]

/** Commands around the class. */
export const classCommands: readonly CommandEntry[] = [
  {
    usage: 'class',
    summary: 'hold a class, or take part in one',
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
    summary: 'raise a hand that only the instructor of your class sees',
    flags: [['--done', 'take it down again']],
    examples: [['stuck why is my version 0?', 'with a few words']],
    group,
    load: () => import('../commands/stuck.ts'),
  },
]
