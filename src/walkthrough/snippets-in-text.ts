import type { Lesson, Snippet } from '../course/index.ts'
import { lessonText } from './lesson-text.ts'

/** What stands below a snippet that was run: Markdown. */
export type Outputs = ReadonlyMap<number, string>

/** The lesson as one reads it, with an offer below each snippet that runs, or what came back. */
export function textWithSnippets(lesson: Lesson, outputs: Outputs): string {
  const taken = new Set<number>()
  const lines = lessonText(lesson).split('\n')
  const result: string[] = []
  for (let at = 0; at < lines.length; ) {
    const end = blockEnd(lines, at)
    const block = lines.slice(at, end)
    result.push(...block)
    at = end
    if (!/^```(redis|ts\s+run)\b/.test(block[0] ?? '')) continue
    const number = numberOf(block.slice(1, -1), lesson.snippets, taken)
    if (number === undefined) continue
    taken.add(number)
    // What the lesson shows belongs to the snippet: the offer stands below both.
    const next = lines.findIndex((line, index) => index >= at && line.trim() !== '')
    if (lines[next]?.trim() === '```output') {
      const shownEnd = blockEnd(lines, next)
      result.push(...lines.slice(at, shownEnd))
      at = shownEnd
    }
    result.push('', outputs.get(number) ?? offer(number), '')
  }
  return result.join('\n')
}

/** The first snippet on a rendered page that was not run yet. */
export function offeredOn(page: string): number | undefined {
  const number = /r runs snippet (\d+)/.exec(page)?.[1]
  return number === undefined ? undefined : Number(number)
}

function offer(number: number): string {
  return `*r runs snippet ${number}*`
}

/** The index behind a fenced block that begins here, or behind this line. */
function blockEnd(lines: readonly string[], at: number): number {
  const fence = /^(`{3,})/.exec(lines[at] ?? '')?.[1]
  if (fence === undefined) return at + 1
  const close = lines.findIndex((line, index) => index > at && line.trimEnd() === fence)
  return close === -1 ? lines.length : close + 1
}

/** Counted from 1. By what it holds, for a lesson's hints and quiz may have snippets that are not shown here. */
function numberOf(
  block: readonly string[],
  snippets: readonly Snippet[],
  taken: ReadonlySet<number>,
): number | undefined {
  const code = block.join('\n').trimEnd()
  const commands = block.flatMap((line) => /^> *(\S.*)$/.exec(line)?.[1]?.trimEnd() ?? []).join('\n')
  const index = snippets.findIndex((snippet, at) => {
    if (taken.has(at + 1)) return false
    if (snippet.kind === 'ts') return snippet.code === code
    return snippet.commands.map(({ command }) => command).join('\n') === commands
  })
  return index === -1 ? undefined : index + 1
}
