import { Command as Commander, CommanderError } from 'commander'
import { UsageError } from '../common/exit.ts'
import { nearestName } from '../course/nearest.ts'
import { trackNames } from '../course/tracks.ts'
import { sentenceFor } from '../terminal/sentences.ts'
import { type Command, type ListedCommand, nameOf, self } from './command.ts'
import { commands, groups, walkthrough } from './commands/index.ts'
import type { Globals } from './context.ts'
import type { Given } from './flags.ts'
import type { Output } from './output.ts'
import { twoColumns } from './two-columns.ts'

/** The command that was called, with the words after it. */
export interface Call {
  readonly command: Command
  readonly args: readonly string[]
  readonly given: Given
  readonly globals: Globals
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
  const program = withGlobals(describe(new Commander('eventlings'), output))
    .usage('[command] [options]')
    .description(
      'Small exercises that teach event sourcing on Redis.\nWithout a command: the guided walkthrough.',
    )
    .version(version, '--version', 'print the version')
    .addHelpText('after', () => afterHelp(output))
    .allowExcessArguments(true)
    .action(async (_given: Given, parsed: Commander) => {
      if (parsed.args[0] !== undefined) throw unknownCommand(parsed.args[0])
      const { command } = await walkthrough()
      call = { command, args: [], given: {}, globals: globalsOf(parsed) }
    })
  for (const [title, listed] of groups) {
    program.commandsGroup(`${title}:`)
    add(program, listed, output, (chosen) => (call = chosen))
  }
  // Commander's own would explain a command whose file hasn't been loaded.
  program
    .helpCommand(false)
    .command('help [command...]', { hidden: true })
    .allowUnknownOption()
    .action(async (named: readonly string[]) => {
      call = await readCommandLine([...named, '--help'], output, version)
    })
  try {
    await program.parseAsync([...words], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode !== 0) {
      const help = [self, ...namesIn(words), '--help'].join(' ')
      throw new UsageError(`${asSentence(error.message)}${toChooseFrom(error)} Run "${help}" for details.`)
    }
  }
  return call
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
      minWidthToWrap: 20,
      visibleCommands: (described) => described.commands.filter((inner) => inner.name() !== 'help'),
      // Without "[options]", because every command has options.
      subcommandTerm: (inner) =>
        `${inner.name()} ${inner.usage().replace(/\[(options|command)\] ?/g, '')}`.trim(),
    })
}

const GLOBALS = 'Options of every command:'

/** Every command has these; its own come first. */
function withGlobals(command: Commander): Commander {
  return command
    .optionsGroup(GLOBALS)
    .option('--redis <source>', 'auto, container, binary, embedded, or redis://…')
    .option('--mine', 'build on your own answers, not the model solutions')
    .option('--course <folder>', 'a course of your own (dev new-course)')
    .option('--no-color', 'plain text')
    .helpOption('-h, --help', 'explain this command')
}

/** Adds commands. The file of a command is loaded only when it's called: `list` doesn't wait for `check`. */
function add(
  parent: Commander,
  listed: readonly ListedCommand[],
  output: Output,
  choose: (call: Call) => void,
): void {
  const added = new Map(listed.map((one) => [parent.command(one.usage).summary(one.summary), one]))
  parent.hook('preSubcommand', async (_parent, called) => {
    const one = added.get(called)
    if (one !== undefined) await load(called, one, output, choose)
  })
}

async function load(
  added: Commander,
  listed: ListedCommand,
  output: Output,
  choose: (call: Call) => void,
): Promise<void> {
  const { command } = await listed.load()
  const { summary, inner } = listed
  describe(added, output)
    .description(`${summary[0]?.toUpperCase()}${summary.slice(1)}.`)
    .addHelpText('after', () => examples(command.examples, output))
    .allowExcessArguments(inner !== undefined)
    .action(() => {
      if (inner !== undefined && added.args[0] !== undefined) throw unknownCommand(added.args[0], listed)
      const args = added.processedArgs.flat().filter((arg) => arg !== undefined)
      choose({ command, args, given: added.opts(), globals: globalsOf(added) })
    })
  for (const [name, { help }] of Object.entries(command.flags))
    for (const [usage, meaning] of help(name)) added.option(usage, meaning)
  withGlobals(added)
  if (inner !== undefined) add(added.helpCommand(false), inner, output, choose)
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

/** The command that the words begin with, and the one within it. */
function namesIn(words: readonly string[], among: readonly ListedCommand[] = commands): readonly string[] {
  const [first, ...rest] = words
  const one = among.find((listed) => nameOf(listed) === first)
  return one === undefined ? [] : [nameOf(one), ...namesIn(rest, one.inner ?? [])]
}

/** What the screens call something, and how a command does it. */
/** A learner who leaves out the name of a track may not know any. */
function toChooseFrom({ code, message }: CommanderError): string {
  if (code !== 'commander.optionMissingArgument' || !message.includes('--track ')) return ''
  return ` The tracks are ${new Intl.ListFormat('en').format(trackNames())}.`
}

const MEANT: ReadonlyMap<string, readonly string[]> = new Map([
  ['next', ['start']],
  ['others', ['solution --others']],
  ['task', ['read']],
  ['track', ['start --track']],
  ['tracks', ['start --track']],
  ['undo', ['reset']],
  ['where', ['progress']],
])

function unknownCommand(asked: string, within?: ListedCommand): UsageError {
  const prefix = within === undefined ? '' : `${within.usage} `
  const guess = nearestName(asked, (within?.inner ?? commands).map(nameOf))
  // A command within another one is easily typed alone: "export" for "progress export".
  const nested = (within === undefined ? commands : []).flatMap((outer) =>
    (outer.inner ?? []).map((one) => ({ outer: nameOf(outer), name: nameOf(one) })),
  )
  const whole = [
    ...nested.filter(({ name }) => name === asked).map(({ outer, name }) => `${outer} ${name}`),
    ...(within === undefined ? (MEANT.get(asked) ?? []) : []),
    // A lesson without a command.
    ...(within === undefined && /^\d{1,2}(-|$)/.test(asked) ? [`start ${asked}`, `check ${asked}`] : []),
  ]
  const likely = whole.length > 0 ? whole : guess === undefined ? [] : [`${prefix}${guess}`]
  const list = new Intl.ListFormat('en', { type: 'disjunction' }).format(likely.map((one) => `"${one}"`))
  const instead = likely.length === 0 ? '' : ` Did you mean ${list}?`
  const help = within === undefined ? `${self} --help` : `${self} ${nameOf(within)} --help`
  return new UsageError(`There's no command "${prefix}${asked}".${instead} Run "${help}" to see them all.`)
}

/** Commander says "error: unknown option '--jsn'\n(Did you mean --json?)". */
function asSentence(message: string): string {
  const plain = message.replace(/^error: /, '').replace(/\n\((.*)\)$/s, '. $1')
  const sentence = `${plain[0]?.toUpperCase() ?? ''}${plain.slice(1)}`
  return /[.?!]$/.test(sentence) ? sentence : `${sentence}.`
}

function examples(list: Command['examples'], output: Output): string {
  const rows = list.map(([command, meaning]) => [`${self} ${command}`.trimEnd(), meaning] as const)
  return `\nExamples:\n${twoColumns(rows, widthOf(output))}`
}

/** Without a terminal, nothing is broken. */
function widthOf({ isTTY, width }: Output): number {
  return isTTY ? width : Number.POSITIVE_INFINITY
}

function afterHelp(output: Output): string {
  const list = examples(
    [
      ['', 'the guided walkthrough'],
      ['start 01', 'your file for the first lesson'],
      ['check', 'see whether your answer works'],
      ['check --redis embedded', 'on the Redis that comes with the course'],
    ],
    output,
  )
  const environment = twoColumns(
    [
      ['EVENTLINGS_REDIS', 'like --redis'],
      ['EVENTLINGS_IMAGE', 'the container image; default: redis:8-alpine'],
      ['EVENTLINGS_HOME', 'where workspace/ and your progress are; default: here'],
      ['EVENTLINGS_MINE', '1 means the same as --mine'],
      ['EVENTLINGS_COURSE', 'like --course'],
      ['EVENTLINGS_DEBUG', '1 shows the details of an error'],
      ['NO_COLOR', 'plain text'],
      ['VISUAL, EDITOR', 'your editor'],
    ],
    widthOf(output),
  )
  const more = `LESSON is 07, 7, 07-concurrency, or part of a name that only one lesson has.

Exit codes: 0 passed, 1 not passed, 2 usage error, 3 the machine lacks something.`
  return `${list}\n\n${sentenceFor(output, more)}\n\nEnvironment:\n${environment}`
}
