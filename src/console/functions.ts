import { existsSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { self } from '../common/self.ts'
import { filesOf } from '../course/index.ts'
import { escapeControls, wrapSentences } from '../terminal/index.ts'
import type { ConsoleOptions } from './about.ts'
import {
  type Evaluated,
  type Evaluator,
  EvaluatorError,
  type EvaluatorOptions,
  startEvaluator,
} from './evaluator.ts'
import { stateFunction } from './state-function.ts'

/** The result of some code; `missing` is a name in it that isn't defined. */
export type Evaluation = Evaluated & { readonly missing?: string }

/** The learner's functions at the prompt. */
export interface Functions {
  /** What the loaded file exports. */
  readonly names: readonly string[]
  /** Loads a file (default: the lesson's), and says what it exports. Rejects with EvaluatorError. */
  load(named: string | undefined): Promise<string>
  evaluate(code: string): Promise<Evaluation>
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
  let evaluator: Evaluator | undefined
  let running: Evaluator | undefined
  let starting: AbortController | undefined
  let wasInterrupted = false

  async function start(which: string | undefined): Promise<Evaluator> {
    starting = new AbortController()
    const { signal } = starting
    const settings = { root: course.root, url: redis.url, mine, colours: palette.colours, width: width() }
    const options: EvaluatorOptions = { ...settings, signal, print: (text) => print(escapeControls(text)) }
    try {
      return await startEvaluator(which === undefined ? options : { ...options, file: which })
    } finally {
      starting = undefined
    }
  }

  async function evaluateIn(one: Evaluator, code: string): Promise<Evaluated> {
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

  async function current(): Promise<Evaluator> {
    if (evaluator === undefined || !evaluator.isAlive) evaluator = await start(file)
    return evaluator
  }

  return {
    get names() {
      return evaluator?.names ?? []
    },

    async load(named) {
      if (named === undefined && place === undefined) {
        throw new EvaluatorError("Which file? There's no lesson here: .load path/to/file.ts")
      }
      const wanted = named === undefined ? (place?.file ?? '') : resolve(named)
      if (!existsSync(wanted)) {
        const number = place?.lesson.number ?? '01'
        const instead = `Start with "${self} start ${number}", or use the model functions: ${self} console ${number} --solution`
        throw new EvaluatorError(
          named === undefined
            ? `You don't have a file for this lesson yet. ${instead}`
            : `There's no file ${wanted}.`,
        )
      }
      const loaded = await start(wanted)
      evaluator?.kill()
      evaluator = loaded
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
          text: 'No function of this lesson, or of one it builds on, returns the state of an entity. Use ".events" to see the events.',
        }
      }
      const { slug, name } = known
      const code = `${name}(redis, ${JSON.stringify(id)})`
      if (evaluator?.isAlive && evaluator.names.includes(name))
        return by(`${name} of ${basename(file ?? '')}`, await evaluateIn(evaluator, code))
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
      evaluator?.kill()
      running?.kill()
    },
  }

  function by(what: string, { ok, text }: Evaluated): Evaluated {
    return { ok, text: `${text}\n${palette.paint(wrapSentences(`By ${what}.`, width()), 'dim')}` }
  }
}
