import type { ListedCommand } from '../../command.ts'

const forLearners: readonly ListedCommand[] = [
  {
    usage: 'join [address]',
    summary: 'join a class: the instructor sees your progress',
    load: () => import('./join.ts'),
  },
  {
    usage: 'status',
    summary: "show the class that you're in, or that you teach",
    load: () => import('./status.ts'),
  },
  {
    usage: 'share <on|off>',
    summary: 'show your code to the instructor, or stop showing it',
    load: () => import('./share.ts'),
  },
  {
    usage: 'send',
    summary: "send the class everything it doesn't have yet",
    load: () => import('./send.ts'),
  },
  {
    usage: 'leave',
    summary: 'leave the class, which then deletes your data',
    load: () => import('./leave.ts'),
  },
]

const forInstructors: readonly ListedCommand[] = [
  {
    usage: 'open',
    summary: 'open a class: address, join code, dashboard',
    load: () => import('./open.ts'),
  },
  {
    usage: 'resume',
    summary: 'reopen a class, after a crash or the next day',
    load: () => import('./resume.ts'),
  },
  {
    usage: 'code',
    summary: 'show the join code, or replace it',
    load: () => import('./code.ts'),
  },
  {
    usage: 'secret',
    summary: 'show the secret that your pages ask for',
    load: () => import('./secret.ts'),
  },
  {
    usage: 'position [lesson]',
    summary: 'tell everyone where the class is',
    load: () => import('./position.ts'),
  },
  {
    usage: 'say [text...]',
    summary: 'send a message to everyone, or to one learner',
    load: () => import('./say.ts'),
  },
  {
    usage: 'timer [minutes] [text...]',
    summary: 'start a timer that everyone sees',
    load: () => import('./timer.ts'),
  },
  {
    usage: 'break [minutes]',
    summary: 'begin a break, or end it',
    load: () => import('./break.ts'),
  },
  {
    usage: 'release <lesson>',
    summary: 'announce the solution to a lesson, or take that back',
    load: () => import('./release.ts'),
  },
  {
    usage: 'rename <name> <new-name>',
    summary: 'rename a learner',
    load: () => import('./rename.ts'),
  },
  {
    usage: 'merge <name> <into>',
    summary: 'merge two learners who are the same person',
    load: () => import('./merge.ts'),
  },
  {
    usage: 'remove [name]',
    summary: 'remove a learner, or everyone who joined after a given time',
    load: () => import('./remove.ts'),
  },
  {
    usage: 'lower <name>',
    summary: "lower a learner's hand",
    load: () => import('./lower.ts'),
  },
  {
    usage: 'show [text...]',
    summary: "put text on the wall, or take down what's there",
    load: () => import('./show.ts'),
  },
  {
    usage: 'logout',
    summary: 'log every browser out of your pages',
    load: () => import('./logout.ts'),
  },
  {
    usage: 'undo',
    summary: 'take back your last action in the class',
    load: () => import('./undo.ts'),
  },
  {
    usage: 'close',
    summary: 'close a class: it stops accepting learners and events',
    load: () => import('./close.ts'),
  },
  {
    usage: 'reopen',
    summary: 'accept learners and events again after class close',
    load: () => import('./reopen.ts'),
  },
  {
    usage: 'export <file>',
    summary: 'write everything about a class to a file: .csv or .json',
    load: () => import('./export.ts'),
  },
  {
    usage: 'report',
    summary: 'show which diagnoses cost the class the most time',
    load: () => import('./report.ts'),
  },
  {
    usage: 'doctor',
    summary: 'check whether this machine can host a class (changes nothing)',
    load: () => import('./doctor.ts'),
  },
  {
    usage: 'bundle <file>',
    summary: 'pack the course for a room without internet',
    load: () => import('./bundle.ts'),
  },
  {
    usage: 'simulate',
    summary: 'simulate a class on its own hub and Redis, and measure it',
    load: () => import('./simulate.ts'),
  },
]

export const classCommands: readonly ListedCommand[] = [...forLearners, ...forInstructors]
