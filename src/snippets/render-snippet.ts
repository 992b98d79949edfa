import type { Snippet } from '../course/index.ts'
import { escapeControls, type MarkdownOptions, renderMarkdown } from '../terminal/index.ts'
import type { SnippetResult } from './run-snippet.ts'

/** A snippet's code, as a lesson writes it, without the output. */
export function snippetCode(snippet: Snippet): string {
  return snippet.kind === 'ts'
    ? snippet.code
    : snippet.commands.map(({ command }) => `> ${command}`).join('\n')
}

/** The output: commands with their replies as redis-cli prints them, or what the code printed. */
function renderOutput({ snippet, ran }: SnippetResult, options: MarkdownOptions): Promise<string> {
  if (snippet.kind === 'redis') {
    return renderMarkdown(
      fenced('redis', ran.map(({ code, output }) => `> ${code}\n${output}`).join('\n')),
      options,
    )
  }
  const output = ran.map((one) => one.output).join('\n')
  return output === '' ? Promise.resolve('  (nothing printed)') : renderMarkdown(fenced('', output), options)
}

/** A snippet with its output below, and with the lesson's output if that differs. */
export async function renderResult(result: SnippetResult, options: MarkdownOptions): Promise<string> {
  const { snippet, ran, asShown, ended } = result
  const code = snippet.kind === 'ts' ? [await renderMarkdown(fenced('ts', snippet.code), options)] : []
  const parts = [...code, ...(code.length > 0 ? ['Prints:'] : []), await renderOutput(result, options)]
  if (ended !== undefined) parts.push(ended)
  if (!asShown) {
    const shown = ran.filter((one) => !one.asShown && one.shown !== undefined)
    const lines = shown.map((one) =>
      snippet.kind === 'redis' ? `> ${one.code}\n${one.shown}` : `${one.shown}`,
    )
    parts.push(
      'The output in the lesson is different:',
      await renderMarkdown(fenced('', lines.join('\n')), options),
    )
  }
  return parts.join('\n\n')
}

/** A code block whose fence is longer than any within, so that no output can end it. */
export function fenced(language: string, text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}${language}\n${escapeControls(text)}\n${fence}`
}
