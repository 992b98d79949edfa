import { Command as Commander, CommanderError } from 'commander'
import { nearest } from '../course/nearest.ts'
import { type Command, type ListedCommand, nameOf, self } from './command.ts'
import { commands, groups, walkthrough } from './commands/index.ts'
import { UsageError } from './exit.ts'
import type { Given } from './flags.ts'
import type { Output } from './output.ts'

/** The command that was called, with the words after it. */
export interface Call {
  readonly command: Command
  readonly args: readonly string[]
  readonly given: Given
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
export async function readCommandLine(
  words: readonly string[],
  output: Output,
  version: string,
): Promise<Call | undefined> {
  let call: Call | undefined
  let isBare: Commander | undefined
  const program = describe(new Commander('eventlings'), output)
    .usage('[command] [options]')
    .description(
      'Small exercises that teach event sourcing on Redis.\nWithout a command: the guided walkthrough.',
    )
    .version(version, '--version', 'print the version')
    .helpCommand('help [command]', 'explain a command')
    .allowExcessArguments(true)
    .addHelpText('after', afterHelp)
    .action((_given: Given, parsed: Commander) => {
      if (parsed.args[0] !== undefined) throw unknownCommand(parsed.args[0])
      isBare = parsed
    })
  for (const [title, listed] of groups) {
    for (const one of listed) {
      const added = await add(program, one, words, output, (chosen) => (call = chosen))
      added.helpGroup(`${title}:`)
    }
  }
  try {
    program.parse([...words], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode !== 0) throw new UsageError(asSentence(error.message))
    return undefined
  }
  if (isBare === undefined) return call
  const { command } = await walkthrough()
  return { command, args: [], given: {}, globals: globalsOf(isBare) }
}

function describe(command: Commander, output: Output): Commander {
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

/**
 * Adds a command to the program. Its file is loaded only if one of the words is its name: `list` doesn't wait for
 * `check`, and a word that happens to be a name costs no more than time.
 */
async function add(
  parent: Commander,
  listed: ListedCommand,
  words: readonly string[],
  output: Output,
  choose: (call: Call) => void,
): Promise<Commander> {
  const added = parent.command(listed.usage).summary(listed.summary)
  if (!words.includes(nameOf(listed))) return added
  const { command } = await listed.load()
  describe(added, output)
    .description(`${listed.summary[0]?.toUpperCase()}${listed.summary.slice(1)}.`)
    .addHelpText('after', examples(command.examples))
    .allowExcessArguments(false)
    .action(() => {
      const args = added.processedArgs.flat().filter((arg) => arg !== undefined)
      choose({ command, args, given: added.opts(), globals: globalsOf(added) })
    })
  for (const [name, { help }] of Object.entries(command.flags))
    for (const [usage, meaning] of help(name)) added.option(usage, meaning)
  if (listed.inner === undefined) return added
  added
    .helpCommand(false)
    .allowExcessArguments(true)
    .action(() => {
      const [unknown] = added.args
      if (unknown !== undefined) throw unknownCommand(unknown, listed)
      choose({ command, args: [], given: added.opts(), globals: globalsOf(added) })
    })
  for (const inner of listed.inner) await add(added, inner, words, output, choose)
  return added
}

/** A global option may come before the command or after it; the one closer to the end wins. */
function globalsOf(command: Commander): Globals {
  const levels = [command.parent?.parent, command.parent, command].filter(
    (level) => level instanceof Commander,
  )
  const all = levels.map((level): Given => level.opts())
  const lastText = (flag: string) =>
    all.map((flags) => flags[flag]).findLast((value): value is string => typeof value === 'string')
  return {
    redis: lastText('redis'),
    color: all.every((flags) => flags.color !== false),
    mine: all.some((flags) => flags.mine === true),
    course: lastText('course'),
  }
}

function unknownCommand(asked: string, within?: ListedCommand): UsageError {
  const prefix = within === undefined ? '' : `${within.usage} `
  const [guess] = nearest(
    asked,
    (within?.inner ?? commands).map(nameOf).map((name) => ({ value: name, names: [name] })),
  )
  // A command within another one is easily typed alone: "export" for "progress export".
  const nested = (within === undefined ? commands : []).flatMap((outer) =>
    (outer.inner ?? []).map((one) => ({ outer: nameOf(outer), name: nameOf(one) })),
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

function examples(list: Command['examples']): string {
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
