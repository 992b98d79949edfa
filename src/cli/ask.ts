import { maySeeSolution, spoilerQuestion } from '../learner/index.ts'
import type { Learner } from '../learner/learner.ts'
import { menuTheme } from '../terminal/menu-theme.ts'
import { self } from './command.ts'
import type { Context } from './context.ts'

/** A yes-or-no question on the terminal, answered with one key. Rejects with InterruptedError after Ctrl-C. */
export async function ask({ input, output, palette }: Context, question: string): Promise<boolean> {
  const { terminalUi } = await import('../walkthrough/terminal-ui.ts')
  const ui = await terminalUi({ input, output: output.stream, palette })
  return await ui.confirm(question)
}

/** Asks for a string, which must not be empty; if it is, `example` is shown. Enter alone means `usual`. */
export async function askText(
  { input, output, palette }: Context,
  message: string,
  example: string,
  usual?: string,
): Promise<string> {
  const { default: inquirer } = await import('inquirer')
  const prompt = inquirer.createPromptModule({ input, output: output.stream })
  const validate = (text: string) => text.trim() !== '' || `For example: ${example}`
  const { answer } = await prompt([
    {
      type: 'input',
      name: 'answer',
      message,
      theme: menuTheme(palette),
      validate,
      ...(usual !== undefined && { default: usual }),
    },
  ])
  return answer
}

/** Asks before showing any of the solution, if it would spoil something and the program can ask. */
export async function confirmSpoiler(
  context: Context,
  learner: Learner,
  slug: string,
  yes: boolean,
  by: Parameters<typeof spoilerQuestion>[0],
): Promise<boolean> {
  if (yes || maySeeSolution(learner, slug)) return true
  if (!context.canAsk) {
    // `solution 07 > mine.ts` has to work, but no one should lose a plain pass unawares.
    context.note('A pass after this counts as "passed after the solution."')
    return true
  }
  if (await ask(context, spoilerQuestion(by))) return true
  context.print(`The solution stays hidden. There may be a hint left: ${self} hint ${slug.split('-')[0]}`)
  return false
}
