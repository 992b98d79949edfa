import { scriptsIn } from './scripts.ts'
import { nameOf } from './touches.ts'
import type { CommandStep, Recording, Step, Text } from './types.ts'

/** A command and its reply in as few words as tell it from the others of the run. */
export interface Short {
  readonly command: string
  readonly reply: string
}

/** Shortens the commands of one run; leaves out `key`, which is shown above them. */
export function shortener({ steps }: Pick<Recording, 'steps'>, key?: string) {
  const field = tellingField(steps)
  const scriptOf = scriptNames(steps)
  return {
    step: (step: CommandStep): Short => ({
      command: shortCommand(step, key, field, scriptOf(step)),
      reply: shortReply(step),
    }),
    /** A command of the test's own. */
    command: (args: readonly Text[]): string => shortCommand({ args }, key, field, 'script'),
  }
}

/** `script`, or `script(XADD)` if that tells the scripts of the run apart. */
function scriptNames(steps: readonly Step[]): (step: CommandStep) => string {
  const scriptOf = scriptsIn(steps)
  const does = new Set(steps.flatMap((step) => (step.kind === 'command' ? (scriptOf(step)?.does ?? []) : [])))
  return (step) => {
    const script = scriptOf(step)
    return does.size > 1 && script !== undefined ? `script(${script.does})` : 'script'
  }
}

const IS_JSON = /^\{"/
const FIELDS = /"([\w-]+)":\s?("(?:[^"\\]|\\.)*"|-?\d[\d.]*|true|false|null)(?=[,}])/g

/** The field of the JSON arguments that tells them apart, in the fewest letters. */
function tellingField(steps: readonly Step[]): string | undefined {
  const values = new Map<string, Set<string>>()
  for (const step of steps) {
    const args = step.kind === 'command' ? step.args : step.kind === 'check' ? (step.sent ?? []).flat() : []
    for (const { s } of args) {
      if (!IS_JSON.test(s)) continue
      for (const [name, value] of fieldsOf(s)) values.set(name, (values.get(name) ?? new Set()).add(value))
    }
  }
  const length = (name: string) =>
    Math.max(...[...(values.get(name) ?? [])].map((value) => shortId(value).length))
  const [best] = [...values]
    .filter(([, different]) => different.size > 1)
    .sort(([a, one], [b, other]) => other.size - one.size || length(a) - length(b))
  return best?.[0]
}

function fieldsOf(json: string): ReadonlyMap<string, string> {
  return new Map(
    Array.from(json.matchAll(FIELDS), ([, name = '', value = '']) => [name, value.replaceAll('"', '')]),
  )
}

function shortCommand(
  step: Pick<CommandStep, 'args'>,
  key: string | undefined,
  field: string | undefined,
  script: string,
): string {
  const name = nameOf(step)
  const words = step.args.slice(1).map(({ s }) => s)
  if (/^EVAL(SHA)?(_RO)?$/.test(name)) words.splice(0, 2, script)
  if (/^FCALL(_RO)?$/.test(name)) words.splice(1, 1)
  const shown = words.flatMap((word, index) => {
    if (word === key) return []
    // `event {…}`: the name of the field says nothing that the value doesn't.
    if (/^(event|data|payload|json)$/.test(word) && IS_JSON.test(words[index + 1] ?? '')) return []
    return [shortWord(word, field)]
  })
  return [name, ...shown].join(' ')
}

function shortWord(word: string, field: string | undefined): string {
  if (word === '') return '""'
  if (!IS_JSON.test(word)) return shortId(word.replace(/\s+/g, ' '))
  const value = field === undefined ? undefined : fieldsOf(word).get(field)
  if (value === undefined) return '{…}'
  const id = shortId(value)
  return id === value ? `${field}:${value}` : id
}

/** IDs from a clock and UUIDs differ at their end. */
export function shortId(text: string): string {
  return text
    .replace(/\b\d{10}(\d{3}-\d+)\b/g, '…$1')
    .replace(/\b[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{8}([\da-f]{4})\b/gi, '…$1')
}

/** JSON in a reply, in quotes, with one more level inside. */
const OBJECTS = /(["'])\{(?:[^{}]|\{[^{}]*\})*\}\1/g

const FATES: Readonly<Partial<Record<CommandStep['fate'], string>>> = {
  refused: 'refused by the check',
  unsent: 'never sent',
  open: 'no reply yet',
  cut: 'connection cut',
  lost: 'reply lost',
}

function shortReply({ fate, reply }: CommandStep): string {
  const without = FATES[fate]
  if (without !== undefined) return without
  if (reply === undefined) return fate === 'parked' ? 'waits' : ''
  const isCut = / \(\d+ characters\)$/.test(reply.s)
  const text = reply.s
    .replace(/\(integer\) /g, '')
    .replaceAll('(nil)', 'nil')
    .replaceAll('(error) ', 'error ')
  if (text === '(empty array)') return 'empty'
  const ids = Array.from(text.matchAll(/\["(\d+-\d+)", \[/g), ([, id = '']) => shortId(id))
  if (ids.length > 0)
    return ids.length === 1 || isCut ? `${ids[0]}${isCut ? ', …' : ''}` : `${ids.length} entries`
  if (/^\[.?\{/.test(text)) return isCut ? '[{…}, …' : text.replace(OBJECTS, '{…}')
  return shortId(text.replace(/^"([^"\\]*)"$/, '$1').replace(/\s+/g, ' '))
}
