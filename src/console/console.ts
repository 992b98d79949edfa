import { readAddress } from '../redis/address.ts'
import { splitCommand, UnclosedQuoteError } from '../snippets/command-line.ts'
import { printReply } from '../snippets/print-reply.ts'
import { escapeControls, type Style, wrapSentences } from '../terminal/index.ts'
import { type ConsoleOptions, DOT_COMMANDS, helpText } from './about.ts'
import { completions } from './complete.ts'
import { allKeys, historiesOf, renderHistories } from './entity-history.ts'
import { EvaluatorError } from './evaluator.ts'
import { openFunctions } from './functions.ts'
import { kindOfLine } from './kind-of-line.ts'
import { whyNotHere } from './not-here.ts'
import { commandNames, explainCommand, unknownCommand } from './redis-help.ts'
import { openLine } from './redis-line.ts'
import { streamsIn, typeOf, watchStreams } from './watch-streams.ts'

/** Answers lines at the prompt, from a person or a pipe. */
export interface Console {
  readonly prompt: string
  /** An error was returned or thrown since the start. */
  readonly hasFailed: boolean
  /** Runs a line and prints the answer. Rejects with ConnectionLostError when the sandbox is gone. */
  run(line: string): Promise<'on' | 'leave'>
  /** Ends what's running; then `run` resolves soon. */
  interrupt(): void
  /** Possible completions of the last word, and that word. */
  complete(line: string): Promise<readonly [readonly string[], string]>
  close(): void
}

/** Rejects with ConnectionLostError. */
export async function openConsole(options: ConsoleOptions): Promise<Console> {
  const { place, redis, print, palette } = options
  const line = await openLine(redis.url)
  const aside = await openLine(redis.url)
  const functions = openFunctions(options)
  const names = await commandNames(aside)
  let hasFailed = false
  let stopWatching: (() => void) | undefined
  const say = (text: string) => print(`${text}\n`)
  /** One of our own sentences: wrapped at words for a person, on one line for a program. */
  const tell = (text: string, style: Style) => say(palette.paint(fitted(text), style))
  const fitted = (text: string) => wrapSentences(text.includes('\n') ? text : escapeControls(text), columns())
  const columns = () => (options.untilKey === undefined ? Number.POSITIVE_INFINITY : options.width())
  const complain = (text: string) => {
    hasFailed = true
    tell(text, 'red')
  }

  async function command(args: readonly string[]): Promise<void> {
    const why = whyNotHere(args, redis.kind)
    if (why !== undefined) return complain(why)
    const reply = await line.send(args)
    if (reply === 'given up') {
      complain('Stopped. The connection was reopened, so a MULTI or WATCH on it is gone.')
      return
    }
    const isUnknown = reply.kind === 'error' && /^ERR unknown command/.test(reply.text)
    if (reply.kind === 'error')
      complain(isUnknown ? unknownCommand(args[0] ?? '', names) : escapeControls(printReply(reply)))
    else say(escapeControls(printReply(reply)))
  }

  async function evaluate(code: string): Promise<void> {
    const { ok, text, missing } = await functions.evaluate(code)
    if (ok) say(text)
    else complain(missing === code ? `${unknownCommand(code, names)} ${text}` : text)
  }

  async function events(id: string | undefined): Promise<void> {
    if (id === undefined) return complain('.events needs the ID of an entity: .events user-42')
    const histories = await historiesOf(aside, id)
    if (histories.length > 0) return say(renderHistories(histories, { width: options.width(), palette }))
    const keys = await allKeys(aside)
    complain(`No list or stream has a key that ends with ${id}. The keys here: ${keys.join(', ') || 'none'}.`)
  }

  async function watch(keys: readonly string[]): Promise<void> {
    if (options.untilKey === undefined)
      return complain('.watch needs a terminal, because a key press ends it.')
    const { host, port, tls, password, database } = readAddress(redis.url)
    const flags = `${database === 0 ? '' : ` -n ${database}`}${tls ? ' --tls' : ''}`
    const from =
      password === undefined ? ` From another terminal: redis-cli -h ${host} -p ${port}${flags}` : ''
    const missing: string[] = []
    for (const key of keys) if ((await typeOf(aside, key)) === 'none') missing.push(key)
    const [wrong] = missing
    if (wrong !== undefined) {
      const known = await streamsIn(aside)
      const streams =
        known.length === 0 ? 'There are no streams here yet.' : `The streams here: ${known.join(', ')}.`
      tell(
        `There's no ${new Intl.ListFormat('en', { type: 'disjunction' }).format(missing)} yet. ${streams}`,
        'dim',
      )
    }
    tell(`New stream entries are shown here until you press a key.${from}`, 'dim')
    const interrupted = new Promise<void>((resolve) => {
      stopWatching = resolve
    })
    await watchStreams(redis.url, keys, print, Promise.race([options.untilKey(), interrupted]))
    stopWatching = undefined
  }

  async function dot(name: string, rest: readonly string[]): Promise<'on' | 'leave'> {
    switch (name) {
      case 'exit':
      case 'quit':
        return 'leave'
      case 'help':
      case '?':
      case '':
        if (rest.length > 0) say(fitted(await explainCommand(aside, rest, names)))
        else say(helpText(place, palette, columns()))
        break
      case 'load':
        tell(await functions.load(rest[0]), 'dim')
        break
      case 'events':
        await events(rest[0])
        break
      case 'state': {
        const { ok, text } = await functions.state(rest[0])
        if (ok) say(text)
        else complain(text)
        break
      }
      case 'watch':
        await watch(rest)
        break
      case 'reset':
        await options.prepare()
        tell(
          place === undefined
            ? 'The database is empty again.'
            : `The database is as lesson ${place.lesson.number} leaves it.`,
          'dim',
        )
        break
      default:
        complain(`There's no .${name}. Use one of ${DOT_COMMANDS.join(', ')}.`)
    }
    return 'on'
  }

  async function run(text: string): Promise<'on' | 'leave'> {
    try {
      const what = kindOfLine(text, names, splitCommand)
      switch (what.kind) {
        case 'nothing':
          return 'on'
        case 'dot':
          return await dot(what.name, what.rest)
        case 'redis':
          await command(what.args)
          return 'on'
        case 'javascript':
          await evaluate(what.code)
          return 'on'
      }
    } catch (error) {
      if (!(error instanceof UnclosedQuoteError || error instanceof EvaluatorError)) throw error
      complain(error.message)
      return 'on'
    }
  }

  return {
    get prompt() {
      return `${place?.lesson.number ?? 'redis'}${line.isInTransaction ? '(TX)' : ''}> `
    },
    get hasFailed() {
      return hasFailed
    },
    run,
    interrupt() {
      stopWatching?.()
      functions.interrupt()
      line.giveUp()
    },
    complete: async (text) => completions(text, names, functions.names, () => allKeys(aside)),
    close() {
      functions.close()
      line.close()
      aside.close()
    },
  }
}
