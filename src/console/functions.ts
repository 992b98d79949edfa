import { existsSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { filesOf } from '../course/index.ts'
import { escapeControls } from '../terminal/index.ts'
import type { ConsoleOptions } from './about.ts'
import { type Evaluated, type Guest, GuestError, type GuestOptions, startGuest } from './guest.ts'
import { stateFunction } from './state-function.ts'

/** The result of some code; `missing` is a name in it that isn't defined. */
export type Answer = Evaluated & { readonly missing?: string }

/** The learner's functions at the prompt. */
export interface Functions {
  /** What the loaded file exports. */
  readonly names: readonly string[]
  /** Loads a file (default: the lesson's), and says what it exports. Rejects with GuestError. */
  load(named: string | undefined): Promise<string>
  evaluate(code: string): Promise<Answer>
  /** The state that the events of an entity add up to. */
  state(id: string | undefined): Promise<Evaluated>
  interrupt(): void
  close(): void
}

export function openFunctions({
  course,
  redis,
  place,
  mine,
  palette,
  width,
  print,
}: ConsoleOptions): Functions {
  let file: string | undefined
  let guest: Guest | undefined
  let running: Guest | undefined
  let starting: AbortController | undefined
  let wasInterrupted = false

  async function start(which: string | undefined): Promise<Guest> {
    starting = new AbortController()
    const { signal } = starting
    const settings = { root: course.root, url: redis.url, mine, colours: palette.colours, width: width() }
    const options: GuestOptions = { ...settings, signal, print: (text) => print(escapeControls(text)) }
    try {
      return await startGuest(which === undefined ? options : { ...options, file: which })
    } finally {
      starting = undefined
    }
  }

  async function evaluateIn(one: Guest, code: string): Promise<Evaluated> {
    running = one
    wasInterrupted = false
    try {
      const result = await one.evaluate(code)
      if (one.isAlive) return result
      const again = 'Your variables are gone; your functions will be reloaded with the next line.'
      return {
        ok: false,
        text: wasInterrupted ? `Ended. ${again}` : `${escapeControls(result.text)} ${again}`,
      }
    } finally {
      running = undefined
    }
  }

  async function current(): Promise<Guest> {
    if (guest === undefined || !guest.isAlive) guest = await start(file)
    return guest
  }

  return {
    get names() {
      return guest?.names ?? []
    },

    async load(named) {
      if (named === undefined && place === undefined) {
        throw new GuestError("Which file? There's no lesson here: .load path/to/file.ts")
      }
      const wanted = named === undefined ? (place?.file ?? '') : resolve(named)
      if (!existsSync(wanted)) {
        const number = place?.lesson.number ?? '01'
        const instead = `Start with "npx eventlings start ${number}", or use the model functions: npx eventlings console ${number} --solution`
        throw new GuestError(
          named === undefined
            ? `You don't have a file for this lesson yet. ${instead}`
            : `There's no file ${wanted}.`,
        )
      }
      const loaded = await start(wanted)
      guest?.kill()
      guest = loaded
      file = wanted
      return loaded.names.length === 0
        ? `${basename(wanted)} exports nothing.`
        : `${basename(wanted)}: ${loaded.names.join(', ')}. redis is the connection.`
    },

    async evaluate(code) {
      const result = await evaluateIn(await current(), code)
      const missing = /^ReferenceError: ([\w$]+) is not defined$/.exec(result.text)?.[1]
      if (result.ok || missing === undefined) return result
      const isOfLesson = place?.lesson.exports.includes(missing) === true && file === undefined
      const why = isOfLesson
        ? '".load" loads your functions of this lesson.'
        : '".help" shows what you can do.'
      return { ok: false, text: `${missing} isn't defined. ${why}`, missing }
    },

    async state(id) {
      if (id === undefined) return { ok: false, text: '.state needs the ID of an entity: .state user-42' }
      const known = place === undefined ? undefined : await stateFunction(course, place.lesson)
      if (known === undefined) {
        return {
          ok: false,
          text: 'Neither this lesson nor an earlier one folds events into a state. Use ".events" to see the events.',
        }
      }
      const { slug, name } = known
      const code = `${name}(redis, ${JSON.stringify(id)})`
      if (guest?.isAlive && guest.names.includes(name))
        return by(`${name} of ${basename(file ?? '')}`, await evaluateIn(guest, code))
      const model = await start(filesOf(course, slug).solution)
      try {
        return by(`${name} of solutions/${slug}.ts`, await evaluateIn(model, code))
      } finally {
        model.kill()
      }
    },

    interrupt() {
      wasInterrupted = true
      starting?.abort()
      running?.kill()
    },

    close() {
      starting?.abort()
      guest?.kill()
      running?.kill()
    },
  }

  function by(what: string, { ok, text }: Evaluated): Evaluated {
    return { ok, text: `${text}\n${palette.paint(`By ${what}.`, 'dim')}` }
  }
}
