import { menuTheme } from '../terminal/menu-theme.ts'
import { type PagerTerminal, readPages } from './pager.ts'
import type { Ui } from './ui.ts'

/** Menus by inquirer, pages by our own pager, on a real terminal. */
export async function terminalUi(terminal: PagerTerminal): Promise<Ui> {
  const { default: inquirer } = await import('inquirer')
  const { input, output } = terminal
  const theme = menuTheme(terminal.palette)
  const prompt = inquirer.createPromptModule({ input, output })
  /** A long list may fill the screen; a short menu leaves room for its subject, such as a diagnosis. */
  const pageSize = (choices: number) => {
    const rows = output.rows || 24
    return Math.max(6, choices > 12 ? rows - 4 : rows - 18)
  }
  return {
    get width() {
      return Math.min(100, output.columns || 80)
    },
    print: (text) => void output.write(`${text}\n\n`),
    async choose(message, choices, preselected) {
      const { value } = await prompt([
        {
          type: 'select',
          name: 'value',
          message,
          theme,
          choices: choices.map((choice) =>
            'heading' in choice ? new inquirer.Separator(choice.heading) : choice,
          ),
          ...(preselected !== undefined && { default: preselected }),
          pageSize: pageSize(choices.length),
          loop: false,
        },
      ])
      return value
    },
    async chooseSeveral(message, choices) {
      const { values } = await prompt([
        {
          type: 'checkbox',
          name: 'values',
          message,
          theme,
          choices: [...choices],
          pageSize: pageSize(choices.length),
          loop: false,
        },
      ])
      return values
    },
    async confirm(message) {
      const { yes } = await prompt([{ type: 'confirm', name: 'yes', message, theme, default: false }])
      return yes
    },
    read: (render, run) => readPages(render, terminal, run),
  }
}
