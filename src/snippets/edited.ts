import type { Snippet } from '../course/index.ts'

/** What a learner gets to edit: code, or one command on each line. */
export function textOf(snippet: Snippet): string {
  return snippet.kind === 'ts' ? snippet.code : snippet.commands.map(({ command }) => command).join('\n')
}

/** The snippet with the learner's text, from which no particular output is expected. */
export function withText(snippet: Snippet, text: string): Snippet {
  if (snippet.kind === 'ts') return { ...snippet, code: text, output: undefined, fails: false }
  const lines = text.split('\n').map((line) => line.replace(/^\s*> ?/, '').trim())
  const commands = lines.filter((line) => line !== '').map((command) => ({ command, reply: '' }))
  return { ...snippet, commands, fails: false }
}
