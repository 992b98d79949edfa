import { once } from 'node:events'
import { holdKeys } from '../terminal/hold-keys.ts'
import { escapeControls, paintLines, span, wrap, wrapSentences } from '../terminal/index.ts'
import { inMenu, menuTheme, yesOrNo } from '../terminal/menu-theme.ts'
import { hotKey } from './hot-key.ts'
import { lastFrame } from './last-frame.ts'
import { type PagerTerminal, readPages } from './pager.ts'
import { InterruptedError } from './terminal-events.ts'
import { type Choice, entriesShown, type Heading, type Ui } from './ui.ts'
import { whileBusy } from './while-busy.ts'

/** Menus by inquirer, pages by our own pager, on a real terminal. */
export async function terminalUi(terminal: PagerTerminal): Promise<Ui> {
  const { input, palette } = terminal
  const menu = lastFrame(terminal.output)
  const { output } = menu
  holdKeys(input)
  const { default: inquirer } = await import('inquirer')
  const print = (text: string) => void output.write(`${text}\n\n`)
  const wrapped = (text: string, indent: number) => inMenu(text, output.columns || 80, indent)
  /**
   * Asks beside the keys, one of which may answer first. What was asked and answered replaces the question: inquirer would
   * keep one that was left by a key.
   */
  async function askBeside<Value>(
    message: string,
    choices: readonly (Choice<Value> | Heading)[],
    question: (ask: ReturnType<typeof inquirer.createPromptModule>) => Promise<Value>,
  ): Promise<Value> {
    const pressed = hotKey(input, choices, menu)
    const note = (answer?: string) => {
      if (answer === NOTHING_LEFT) return
      const line = [span('? ', 'dim'), span(message, 'bold'), span(` ${answer ?? ''}`, 'cyan')]
      output.write(`${paintLines(wrap(line, { width: output.columns || 80 }), palette)}\n`)
    }
    try {
      const { signal, keys } = pressed
      const value = await question(
        inquirer.createPromptModule({ input: keys, output, signal, clearPromptOnDone: true }),
      )
      note(chosen(choices.find((one): one is Choice<Value> => 'name' in one && one.value === value)))
      return value
    } catch (error) {
      const { choice } = pressed
      note(chosen(choice))
      if (choice === undefined) throw error
      return choice.value
    } finally {
      pressed.stop()
    }
  }
  const box = palette.unicode ? 3 : 5
  /** How to draw a menu of these entries. */
  const drawn = (names: readonly string[]) => {
    const rows = output.rows || 24
    const lines = names.join('\n').split('\n').length
    const pageSize = roomFor(names.length, rows)
    return { theme: menuTheme(palette, Math.max(0, lines - pageSize)), pageSize, loop: false }
  }
  return {
    get width() {
      return widthOf(output)
    },
    get height() {
      return output.rows || 24
    },
    print,
    say: (sentence) => print(wrapSentences(escapeControls(sentence), widthOf(output))),
    choose(message, choices, preselected) {
      const shown = choices.filter((choice) => 'heading' in choice || choice.isHidden !== true)
      const names = shown.map((one) => ('heading' in one ? one.heading : wrapped(nameOf(one), POINTER)))
      return askBeside(message, choices, async (ask) => {
        const { value } = await ask([
          {
            type: 'select',
            name: 'value',
            message: wrapped(message, POINTER),
            choices: shown.map((choice, index) =>
              'heading' in choice
                ? new inquirer.Separator(choice.heading)
                : { name: names[index] ?? '', value: choice.value },
            ),
            ...(preselected !== undefined && { default: preselected }),
            ...drawn(names),
          },
        ])
        return value
      })
    },
    async chooseSeveral(message, choices) {
      const { keys, stop } = hotKey(input, [], menu)
      try {
        const { values } = await inquirer.createPromptModule({ input: keys, output })([
          {
            type: 'checkbox',
            name: 'values',
            message: wrapped(message, POINTER),
            choices: choices.map(({ name, value }) => ({ name: wrapped(name, box), short: name, value })),
            ...drawn(choices.map(({ name }) => wrapped(name, box))),
          },
        ])
        return values
      } finally {
        stop()
      }
    },
    async confirm(message) {
      const { keys, stop } = hotKey(input, [], menu)
      const question = yesOrNo(
        [span('? ', 'blue'), span(escapeControls(message), 'bold')],
        widthOf(output),
        'bold',
      )
      keys.setRawMode(true)
      output.write(paintLines(question, palette))
      try {
        // At the end of the input, there's no key.
        const [key] = await Promise.race([once(keys, 'data'), once(keys, 'end')])
        if (key === undefined || String(key) === '\x03') {
          output.write('\n') // or the shell's prompt would continue the question
          throw new InterruptedError('Ctrl-C')
        }
        const isYes = String(key).toLowerCase() === 'y'
        output.write(` ${palette.paint(isYes ? 'Yes' : 'No', 'cyan')}\n`)
        return isYes
      } finally {
        keys.setRawMode(false)
        stop()
      }
    },
    read: (render, reading) => readPages(render, terminal, reading),
    busy: (work) => whileBusy(input, work),
  }
}

function widthOf(output: PagerTerminal['output']): number {
  return Math.min(100, output.columns || 80)
}

/** The `short` of a choice after which the menu comes back as it was. */
const NOTHING_LEFT = ''

/** What a menu has before each of its entries, in columns. */
const POINTER = 2

/** Lines for a menu. A long list may fill the screen, and so may the answers to a question. */
function roomFor(entries: number, rows: number): number {
  return entries > 12 || entries <= 6 ? Math.max(6, rows - 4) : entriesShown(rows)
}

function nameOf({ name, key }: Choice<unknown>): string {
  return key === undefined ? name : `${name} (${key})`
}

function chosen(choice: Choice<unknown> | undefined): string | undefined {
  return choice?.short ?? choice?.name
}
