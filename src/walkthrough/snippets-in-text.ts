import type { Token } from 'markdown-it'
import { type Lesson, readerText } from '../course/index.ts'
import { copyToken, isNote, marksOf } from '../markdown/tokens.ts'
import { snippetCode } from '../snippets/render-snippet.ts'
import { type MarkdownOptions, renderMarkdown } from '../terminal/index.ts'
import type { Passage } from './ui.ts'

/** What appears below a snippet that was run, as Markdown. */
type Outputs = ReadonlyMap<number, string>

/** A passage that wasn't rendered yet. */
type Draft = Omit<Passage, 'text'> & { readonly text: string | readonly Token[] }

/**
 * The lesson as a reader sees it, with an offer below each snippet that can run, or its output. The output of the
 * snippets in `guessed` is left out until they have run, because the reader should guess it first.
 */
export function withSnippets(
  lesson: Lesson,
  outputs: Outputs,
  guessed: ReadonlySet<number> = new Set(),
): readonly Draft[] {
  const drafts: Draft[] = []
  const tokens = readerText(lesson).filter((token) => !isNote(token))
  let text: Token[] = []
  for (const [index, token] of tokens.entries()) {
    const { snippet } = marksOf(token)
    if (snippet === undefined || token.level > 0) {
      text.push(token)
      continue
    }
    const { number, part } = snippet
    const output = outputs.get(number)
    const isAsked = output === undefined && guessed.has(number)
    const code = lesson.snippets[number - 1]
    if (part === 'output') {
      if (output === undefined && !isAsked) text.push(token)
    } else if (code?.kind !== 'redis') text.push(token)
    // Commands that ran are shown once, with the replies that came.
    else if (output === undefined)
      text.push(isAsked ? copyToken(token, { content: snippetCode(code) }) : token)
    // The output that the lesson shows belongs to the snippet, so the offer comes below both.
    if (part === 'code' && marksOf(tokens[index + 1] ?? token).snippet?.part === 'output') continue
    if (text.length > 0) drafts.push({ text })
    drafts.push(output === undefined ? offer(number, isAsked) : { text: output, shows: number })
    text = []
  }
  return [...drafts, { text }]
}

function offer(number: number, isAsked: boolean): Draft {
  const text = isAsked ? `*What comes back? r runs snippet ${number}*` : `*r runs snippet ${number}*`
  // What follows a question may give the answer away.
  return { text, offers: number, stays: true, ends: isAsked }
}

export function rendered(drafts: readonly Draft[], options: MarkdownOptions): Promise<readonly Passage[]> {
  return Promise.all(
    drafts.map(async (draft) => ({ ...draft, text: await renderMarkdown(draft.text, options) })),
  )
}
