import { Command, CommanderError } from 'commander'
import { nearest } from '../course/nearest.ts'
import { catalogue, walkthrough } from './catalogue/index.ts'
import { type CommandEntry, type Flags, type Run, self } from './command.ts'
import { UsageError } from './errors.ts'
import type { Output } from './output.ts'

/** The command that was called, with the words after it. */
export interface Call {
  readonly load: () => Promise<{ readonly run: Run }>
  readonly args: readonly string[]
  readonly flags: Flags
  readonly globals: Globals
}

export interface Globals {
  readonly redis: string | undefined
  /** False for `--no-color`. */
  readonly color: boolean
  readonly mine: boolean
  /** The folder of another course. */
  readonly course: string | undefined
}

/**
 * The command that the words on the command line call; undefined when commander has already answered (`--help`,
 * `--version`). Throws UsageError for words that it can't understand.
 */
export function readCommandLine(words: readonly string[], output: Output, version: string): Call | undefined {
  let call: Call | undefined
  const program = describe(new Command('eventlings'), output)
    .usage('[command] [options]')
    .description(
      'Small exercises that teach event sourcing on Redis.\nWithout a command: the guided walkthrough.',
    )
    .version(version, '--version', 'print the version')
    .helpCommand('help [command]', 'explain a command')
    .allowExcessArguments(true)
    .addHelpText('after', afterHelp)
    .action((_flags: Flags, command: Command) => {
      if (command.args[0] !== undefined) throw unknownCommand(command.args[0])
      call = { load: walkthrough, args: [], flags: {}, globals: globalsOf(command) }
    })
  for (const entry of catalogue) add(program, entry, output, (chosen) => (call = chosen))
  try {
    program.parse([...words], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode !== 0) throw new UsageError(asSentence(error.message))
    return undefined
  }
  return call
}

function describe(command: Command, output: Output): Command {
  return command
    .exitOverride()
    .configureOutput({
      writeOut: (text) => output.write(text),
      writeErr: () => {},
      getOutHelpWidth: () => output.width,
      getOutHasColors: () => false,
    })
    .configureHelp({
      visibleCommands: (described) => described.commands.filter((inner) => inner.name() !== 'help'),
      // Without "[options]", because every command has options.
      subcommandTerm: (inner) =>
        `${inner.name()} ${inner.usage().replace(/\[(options|command)\] ?/g, '')}`.trim(),
    })
    .option('--redis <source>', 'auto, container, binary, embedded, or redis://…')
    .option('--mine', 'build on your own earlier answers, not the model ones')
    .option('--course <folder>', 'a course of your own (dev new-course)')
    .option('--no-color', 'plain text')
    .helpOption('-h, --help', 'explain this command')
}

function add(parent: Command, entry: CommandEntry, output: Output, choose: (call: Call) => void): void {
  const command = describe(parent.command(entry.usage), output)
    .summary(entry.summary)
    .description(`${entry.summary[0]?.toUpperCase()}${entry.summary.slice(1)}.`)
    .helpGroup(`${entry.group}:`)
    .addHelpText('after', examples(entry.examples))
    .allowExcessArguments(false)
    .action(() => {
      choose({
        load: entry.load,
        args: command.processedArgs.flat().filter((arg) => arg !== undefined),
        flags: command.opts(),
        globals: globalsOf(command),
      })
    })
  for (const [flags, text] of entry.flags) command.option(flags, text)
  if (!entry.inner) return
  command.helpCommand(false).allowExcessArguments(true)
  for (const inner of entry.inner) add(command, inner, output, choose)
  command.action(() => {
    const [unknown] = command.args
    if (unknown !== undefined) throw unknownCommand(unknown, entry)
    choose({ load: entry.load, args: [], flags: command.opts(), globals: globalsOf(command) })
  })
}

/** A global option may come before the command or after it; the one closer to the end wins. */
function globalsOf(command: Command): Globals {
  const levels = [command.parent?.parent, command.parent, command].filter((level) => level instanceof Command)
  const all = levels.map((level): Flags => level.opts())
  const lastText = (flag: string) =>
    all.map((flags) => flags[flag]).findLast((value): value is string => typeof value === 'string')
  return {
    redis: lastText('redis'),
    color: all.every((flags) => flags.color !== false),
    mine: all.some((flags) => flags.mine === true),
    course: lastText('course'),
  }
}

function unknownCommand(asked: string, within?: CommandEntry): UsageError {
  const prefix = within === undefined ? '' : `${within.usage} `
  const names = (within?.inner ?? catalogue).map(({ usage }) => usage.split(' ')[0] ?? '')
  const [guess] = nearest(
    asked,
    names.map((name) => ({ value: name, names: [name] })),
  )
  // A command within another one is easily typed alone: "export" for "progress export".
  const nested = (within === undefined ? catalogue : []).flatMap(({ usage, inner = [] }) =>
    inner.map((one) => ({ outer: usage.split(' ')[0] ?? '', name: one.usage.split(' ')[0] ?? '' })),
  )
  const whole = nested.filter(({ name }) => name === asked).map(({ outer, name }) => `${outer} ${name}`)
  const likely = whole.length > 0 ? whole : guess === undefined ? [] : [`${prefix}${guess}`]
  const list = new Intl.ListFormat('en', { type: 'disjunction' }).format(likely.map((one) => `"${one}"`))
  const instead = likely.length === 0 ? '' : ` Did you mean ${list}?`
  return new UsageError(
    `There's no command "${prefix}${asked}".${instead} Run "${self} --help" to see them all.`,
  )
}

/** Commander says "error: unknown option '--jsn'\n(Did you mean --json?)". */
function asSentence(message: string): string {
  const plain = message.replace(/^error: /, '').replace(/\n\((.*)\)$/s, '. $1')
  const sentence = `${plain[0]?.toUpperCase() ?? ''}${plain.slice(1)}`
  return /[.?!]$/.test(sentence) ? sentence : `${sentence}.`
}

function examples(list: CommandEntry['examples']): string {
  const width = Math.max(...list.map(([command]) => command.length))
  const lines = list.map(([command, meaning]) => `  ${self} ${command.padEnd(width)}  ${meaning}`)
  return `\nExamples:\n${lines.join('\n')}`
}

const afterHelp = `${examples([
  ['', 'the guided walkthrough'],
  ['start 01', 'your file for the first lesson'],
  ['check', 'see whether your answer works'],
  ['check --redis embedded', 'on the Redis that comes with the course'],
])}

LESSON is 07, 7, 07-concurrency, or part of a name that only one lesson has.

Exit codes: 0 passed, 1 not passed, 2 wrong usage, 3 the machine lacks something.

Environment:
  EVENTLINGS_REDIS   like --redis
  EVENTLINGS_IMAGE   the container image; default: redis:8-alpine
  EVENTLINGS_HOME    where workspace/ and your progress are; default: here
  EVENTLINGS_MINE    1 is like --mine
  EVENTLINGS_COURSE  like --course
  EVENTLINGS_DEBUG   1 shows the details of an error
  NO_COLOR           plain text
  VISUAL, EDITOR     your editor`
