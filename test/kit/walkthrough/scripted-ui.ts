import type { Choice, Passage, Ui } from '../../../src/walkthrough/ui.ts'

/**
 * A person made of answers: the names of the choices, in order. Everything that was shown is kept. `pressed` lists
 * the snippets at which they press r in a text.
 */
export interface ScriptedUi extends Ui {
  /** Everything that was printed, read or asked. */
  readonly shown: readonly string[]
}

/** Menus show answers without the marks of Markdown. */
function bare(text: string): string {
  return text.replace(/[`*]/g, '')
}

export function scriptedUi(
  answers: readonly (string | boolean | readonly string[])[],
  pressed: readonly number[] = [],
): ScriptedUi {
  const shown: string[] = []
  const waiting = [...answers]
  const next = (message: string) => {
    shown.push(message)
    const answer = waiting.shift()
    if (answer === undefined) throw new Error(`No answer for "${message}". So far:\n${shown.join('\n')}`)
    return answer
  }
  const pick = <Value>(choices: readonly (Choice<Value> | { heading: string })[], wanted: string): Value => {
    const found = choices.find(
      (choice): choice is Choice<Value> => 'name' in choice && bare(choice.name).includes(bare(wanted)),
    )
    if (found) return found.value
    const names = choices.map((choice) => ('name' in choice ? choice.name : choice.heading))
    throw new Error(`There's no "${wanted}" among ${names.join(' | ')}`)
  }
  return {
    shown,
    width: 60,
    height: 100,
    print: (text) => void shown.push(text),
    say: (sentence) => void shown.push(sentence),
    async choose(message, choices) {
      return pick(choices, String(next(message)))
    },
    async chooseSeveral(message, choices) {
      const wanted = next(message)
      if (!Array.isArray(wanted)) throw new Error(`"${message}" wants several answers.`)
      return wanted.map((name) => pick(choices, name))
    },
    async confirm(message) {
      return next(message) === true
    },
    busy: (work) => work(),
    async read(render, { run } = {}) {
      const whole = (passages: readonly Passage[]) => passages.map(({ text }) => text).join('\n\n')
      shown.push(whole(await render(60)))
      for (const number of pressed) {
        await run?.(number, (work) => work())
        const passages = await render(60)
        if (!passages.some(({ shows }) => shows === number)) throw new Error(`Snippet ${number} didn't run.`)
        shown.push(whole(passages))
      }
      return 'end'
    },
  }
}
