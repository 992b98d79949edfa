import type { Lesson, Snippet } from '../course/index.ts'
import { lessonText } from '../learner/lesson-text.ts'

/** What appears below a snippet that was run, as Markdown. */
export type Outputs = ReadonlyMap<number, string>

/**
 * The lesson as a reader sees it, with an offer below each snippet that can run, or its output. The output of the
 * snippets in `guessed` is left out until they have run, because the reader should guess it first.
 */
export function textWithSnippets(
  lesson: Lesson,
  outputs: Outputs,
  guessed: ReadonlySet<number> = new Set(),
): string {
  const taken = new Set<number>()
  const lines = lessonText(lesson).split('\n')
  const result: string[] = []
  for (let at = 0; at < lines.length; ) {
    const end = blockEnd(lines, at)
    const block = lines.slice(at, end)
    at = end
    const runs = /^```(redis|ts\s+run)\b/.exec(block[0] ?? '')
    const number = runs ? numberOf(block.slice(1, -1), lesson.snippets, taken) : undefined
    if (number === undefined) {
      result.push(...block)
      continue
    }
    taken.add(number)
    const output = outputs.get(number)
    const isOpen = output === undefined && guessed.has(number)
    // Commands that ran are shown once, with the replies that came.
    if (runs?.[1] !== 'redis') result.push(...block)
    else if (output === undefined) result.push(...(isOpen ? withoutReplies(block) : block))
    // The output that the lesson shows belongs to the snippet, so the offer comes below both.
    const next = lines.findIndex((line, index) => index >= at && line.trim() !== '')
    if (lines[next]?.trim() === '```output') {
      const shownEnd = blockEnd(lines, next)
      if (!isOpen && output === undefined) result.push(...lines.slice(at, shownEnd))
      at = shownEnd
    }
    result.push('', output ?? offer(number, isOpen), '')
  }
  return result.join('\n')
}

/** The first snippet on a rendered page that hasn't run yet. */
export function offeredOn(page: string): number | undefined {
  const number = /r runs snippet (\d+)/.exec(page)?.[1]
  return number === undefined ? undefined : Number(number)
}

/**
 * Whether this line of a rendered page asks for a guess. The lines after it may give the answer away, so they go on
 * the next page.
 */
export function asksHere(line: string): boolean {
  return /^What comes back\? r runs snippet \d+$/.test(line.trim())
}

/** Whether this line of a rendered page offers to run the snippet above it. */
export function isOffer(line: string): boolean {
  return /^(What comes back\? )?r runs snippet \d+$/.test(line.trim())
}

function offer(number: number, isGuessed: boolean): string {
  return isGuessed ? `*What comes back? r runs snippet ${number}*` : `*r runs snippet ${number}*`
}

function withoutReplies(block: readonly string[]): readonly string[] {
  return block.filter((line) => /^(```|>)/.test(line))
}

/** The index after the fenced block that begins here, or after this line. */
function blockEnd(lines: readonly string[], at: number): number {
  const fence = /^(`{3,})/.exec(lines[at] ?? '')?.[1]
  if (fence === undefined) return at + 1
  const close = lines.findIndex((line, index) => index > at && line.trimEnd() === fence)
  return close === -1 ? lines.length : close + 1
}

/** Counted from 1. Found by content, because a lesson's hints and quiz may have snippets that aren't shown here. */
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
