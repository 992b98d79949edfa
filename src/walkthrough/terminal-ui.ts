import { menuTheme } from '../terminal/menu-theme.ts'
import { hotKey } from './hot-key.ts'
import { type PagerTerminal, readPages } from './pager.ts'
import type { Choice, Ui } from './ui.ts'
import { whileBusy } from './while-busy.ts'

/** Menus by inquirer, pages by our own pager, on a real terminal. */
export async function terminalUi(terminal: PagerTerminal): Promise<Ui> {
  const { default: inquirer } = await import('inquirer')
  const { input, output, palette } = terminal
  const prompt = inquirer.createPromptModule({ input, output })
  /** A long list may fill the screen; a short menu leaves room for its subject, such as a diagnosis. */
  const pageSize = (choices: number) => {
    const rows = output.rows || 24
    return Math.max(6, choices > 12 ? rows - 4 : rows - 18)
  }
  /** How to draw a menu of so many entries. */
  const drawn = (choices: number) => ({
    theme: menuTheme(palette, Math.max(0, choices - pageSize(choices))),
    pageSize: pageSize(choices),
    loop: false,
  })
  return {
    get width() {
      return Math.min(100, output.columns || 80)
    },
    print: (text) => void output.write(`${text}\n\n`),
    async choose(message, choices, preselected) {
      const pressed = hotKey(input, choices)
      const shown = choices.filter((choice) => 'heading' in choice || choice.isHidden !== true)
      try {
        const { value } = await inquirer.createPromptModule({ input, output, signal: pressed.signal })([
          {
            type: 'select',
            name: 'value',
            message,
            choices: shown.map((choice) =>
              'heading' in choice ? new inquirer.Separator(choice.heading) : entry(choice),
            ),
            ...(preselected !== undefined && { default: preselected }),
            ...drawn(shown.length),
          },
        ])
        return value
      } catch (error) {
        const { choice } = pressed
        if (choice === undefined) throw error
        output.write('\n')
        return choice.value
      } finally {
        pressed.stop()
      }
    },
    async chooseSeveral(message, choices) {
      const { values } = await prompt([
        { type: 'checkbox', name: 'values', message, choices: [...choices], ...drawn(choices.length) },
      ])
      return values
    },
    async confirm(message) {
      const theme = menuTheme(palette)
      const { yes } = await prompt([{ type: 'confirm', name: 'yes', message, theme, default: false }])
      return yes
    },
    read: (render, reading) => readPages(render, terminal, reading),
    busy: (work) => whileBusy(input, work),
  }
}

function entry<Value>({ name, value, key }: Choice<Value>) {
  return { name: key === undefined ? name : `${name} (${key})`, short: name, value }
}
