import type { Context } from './context.ts'

/** A question on the terminal; no is what Enter means. Rejects with ExitPromptError after Ctrl-C. */
export async function ask(context: Context, message: string): Promise<boolean> {
  const { default: inquirer } = await import('inquirer')
  const prompt = inquirer.createPromptModule({ input: context.input, output: context.output.stream })
  const { yes } = await prompt([{ type: 'confirm', name: 'yes', message, default: false }])
  return yes
}
