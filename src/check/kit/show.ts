import { inspect } from 'node:util'
import { learnersFrames } from './learners-frames.ts'

const MOST = 2_000
const MOST_IN_STRING = 300
const DEEPEST = 6

/** What a suite says in place of a value under "expected" or "received". */
class Words {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** Shown without quotes, because no answer has to return this text. */
export function words(text: string): unknown {
  return new Words(text)
}

/** A value as a learner reads it under "expected" and "received": complete enough to compare, never endless. */
export function show(value: unknown): string {
  if (value instanceof Words) return value.text
  if (typeof value === 'string') return shorten(quoted(value), MOST)
  const options = { depth: DEEPEST, breakLength: 80, maxArrayLength: 30, maxStringLength: MOST_IN_STRING }
  return shorten(inspect(legible(value), { ...options, sorted: true }), MOST)
}

/** Never cuts inside an escape sequence or a character. */
export function shorten(text: string, most: number): string {
  if (text.length <= most) return text
  const start = text.slice(0, most).replace(/[\uD800-\uDBFF]$/, '')
  const half = /(?<!\\)(?:\\\\)*(\\(?:u[\da-f]{0,3}|x[\da-f]?)?)$/i.exec(start)?.[1] ?? ''
  return `${start.slice(0, start.length - half.length)}… (${text.length} characters)`
}

/**
 * A string as it is, in quotes that distinguish it from a number. Escaping would double every backslash of the JSON
 * that most strings here contain, so only invisible characters are escaped.
 */
function quoted(text: string): string {
  const visible = text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
  const quote = ["'", '"', '`'].find((one) => !visible.includes(one)) ?? "'"
  return `${quote}${visible}${quote}`
}

/** The same value, with parts that `inspect` would print badly replaced by something that prints itself. */
function legible(value: unknown, depth = 0): unknown {
  if (depth > DEEPEST) return value
  if (typeof value === 'string' && needsCare(value)) return printing(quoted(shorten(value, MOST_IN_STRING)))
  if (value instanceof Error) return printing(showError(value, depth))
  if (Array.isArray(value)) return value.map((one) => legible(one, depth + 1))
  if (!isPlain(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, legible(one, depth + 1)]))
}

function needsCare(text: string): boolean {
  return text.length > MOST_IN_STRING || (text.includes('\\') && !text.includes('\n'))
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function printing(text: string): object {
  return { [inspect.custom]: () => text }
}

/** Name, message and the frames in the learner's files, with the fields that the learner added. */
function showError(error: Error, depth: number): string {
  const head = error.message === '' ? error.name : `${error.name}: ${error.message}`
  const own = Object.entries(error).filter(([name]) => !OF_IOREDIS.has(name) && name !== 'name')
  const fields = own.map(([name, value]) => [name, legible(value, depth + 1)])
  const shown =
    fields.length === 0 ? '' : ` ${inspect(Object.fromEntries(fields), { depth: 2, sorted: true })}`
  const cause = error.cause === undefined ? '' : `\n  caused by ${inspect(legible(error.cause, depth + 1))}`
  return [`${head}${shown}`, ...learnersFrames(error.stack)].join('\n    ') + cause
}

/** What ioredis attaches to a rejected command: the command itself, which is shown among the commands. */
const OF_IOREDIS = new Set(['command', 'previousErrors', 'lastNodeError'])

/** The name of a call in code font, without what a test adds to it: `GET` on the same connection. A name may be plain words. */
export function callInCode(name: string): string {
  return name.replace(/^(?!(?:Your|an?|the) )(?:new )?[\w.]+/, '`$&`')
}

/** A command in code font, or words for where there was none. */
export function code(command: string | undefined, otherwise: string): string {
  return command === undefined ? otherwise : `\`${command}\``
}

/** A command as you would type it into redis-cli; long arguments are cut. */
export function showCommand(name: string, args: readonly string[]): string {
  const shown = args.slice(0, 12).map((arg) => {
    const cut = shorten(arg, 60)
    return /^[^\s"']+$/.test(cut) ? cut : inQuotes(cut)
  })
  if (args.length > 12) shown.push(`… (${args.length} arguments)`)
  return [name, ...shown].join(' ')
}

/** In single quotes, redis-cli takes everything but a quote as it is, which keeps JSON legible. */
function inQuotes(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: redis-cli takes them in double quotes only
  return /["\\]/.test(text) && !/['\u0000-\u001f]/.test(text) ? `'${text}'` : JSON.stringify(text)
}

/** A reply on one line. */
export function showReply(reply: unknown, most = 120): string {
  return shorten(inline(reply), most)
}

function inline(reply: unknown): string {
  if (reply === null || reply === undefined) return '(nil)'
  if (typeof reply === 'number' || typeof reply === 'bigint') return `(integer) ${reply}`
  if (Buffer.isBuffer(reply)) return inline(reply.toString('utf8'))
  if (reply instanceof Error) return `(error) ${reply.message}`
  if (Array.isArray(reply)) return reply.length === 0 ? '(empty array)' : `[${reply.map(inline).join(', ')}]`
  if (typeof reply === 'object') return inspect(reply, { breakLength: Infinity, depth: 3 })
  const text = String(reply)
  return text === 'OK' || text === 'QUEUED' || text === 'PONG' ? text : inQuotes(text)
}
