import type { MarkdownIt, Token } from 'markdown-it'
import { parseMarkdown } from '../markdown/parse.ts'
import { anchorOf, copyToken, isNote, marksOf, type SnippetMark } from '../markdown/tokens.ts'
import { codeHtml, escapeHtml } from './code.ts'
import { island } from './island.ts'
import type { IslandProps } from './protocol.ts'

export interface HtmlOptions {
  /** Where a Markdown link leads here; undefined makes it plain text. */
  link(href: string): string | undefined
  /** Where a Markdown picture is served; undefined leaves its alt text. */
  picture(source: string): string | undefined
  /** Where a request to run a snippet goes. */
  runAddress(number: number): string
  /** Where snippets can be edited: what it takes. */
  editable?(number: number): IslandProps['snippet'] | undefined
  /** The snippets whose output a question asks for, so that it's folded until then. */
  readonly asked?: ReadonlySet<number>
  /** HTML to put above a snippet. */
  aboveSnippet?(number: number): string
}

type Env = {
  readonly options: HtmlOptions
  readonly code: ReadonlyMap<Token, Made>
}

interface Made {
  readonly html: string
  readonly output: string | undefined
  /** Commands without their replies, where a question asks for these. */
  readonly commands: string | undefined
}

let parser: Promise<MarkdownIt> | undefined

/** Tokens of `parseMarkdown` as HTML. Everything but our own markup is escaped. */
export async function tokensToHtml(tokens: readonly Token[], options: HtmlOptions): Promise<string> {
  parser ??= import('markdown-it').then(({ default: markdownIt }) => withRules(markdownIt()))
  const { renderer, options: settings } = await parser
  const blocks = tokens.filter(({ type }) => type === 'fence' || type === 'code_block')
  const code = await Promise.all(
    blocks.map(async (token) => {
      const { snippet } = marksOf(token)
      const output = snippet?.prints
      const html = await codeHtml(token.content, token.info)
      const isAsked = snippet !== undefined && options.asked?.has(snippet.number) === true
      const commands = isAsked && /^\s*redis\b/.test(token.info) ? commandsIn(token.content) : undefined
      const made: Made = {
        html,
        output: output === undefined ? undefined : await codeHtml(output, 'output'),
        commands: commands === undefined ? undefined : await codeHtml(commands, token.info),
      }
      return [token, made] as const
    }),
  )
  const env: Env = { options, code: new Map(code) }
  return renderer.render(withLinks(tokens, options), settings, env)
}

/** A lesson's text with the output of each snippet in the token of its code, where pages and slides show it. */
export function withOutputs(tokens: readonly Token[]): readonly Token[] {
  return tokens.flatMap((token, index) => {
    const { snippet } = marksOf(token)
    if (snippet?.part === 'output') return []
    const next = tokens.slice(index + 1).find((later) => !isNote(later))
    if (snippet === undefined || next === undefined || marksOf(next).snippet?.part !== 'output')
      return [token]
    return [copyToken(token, { meta: { snippet: { ...snippet, prints: next.content.trimEnd() } } })]
  })
}

/** Markdown whose code is only shown, not run: hints, explanations. */
export async function markdownHtml(markdown: string, links: HtmlOptions): Promise<string> {
  return tokensToHtml(await parseMarkdown(markdown), links)
}

/** The same for a line, without the paragraph around it. */
export async function lineHtml(markdown: string, links: HtmlOptions): Promise<string> {
  // After a word, `1000.` isn't the number of a list.
  const made = await markdownHtml(`x ${markdown}`, links)
  return /^<p>x ((?:(?!<p>).)*)<\/p>\n$/s.exec(made)?.[1] ?? (await markdownHtml(markdown, links))
}

/** What `tokensToHtml` passed to the renderer; for markdown-it it may be anything. */
const own = (env: unknown) => env as Env

function withRules(made: MarkdownIt): MarkdownIt {
  const { rules } = made.renderer
  rules.fence = (tokens, index, _settings, env) => codeBlock(tokens[index], own(env))
  rules.code_block = (tokens, index, _settings, env) =>
    `<div class="diagram"><pre><code>${own(env).code.get(tokens[index] as Token)?.html ?? ''}</code></pre></div>\n`
  rules.heading_open = (tokens, index) => {
    const { tag = 'h2' } = tokens[index] ?? {}
    return `<${tag} id="${idOf(tokens[index + 1]?.content ?? '')}">`
  }
  // Wider than a phone, a table scrolls on its own.
  rules.table_open = () => '<div class="table"><table>\n'
  rules.table_close = () => '</table></div>\n'
  rules.image = (tokens, index, _settings, env) => {
    const { content = '' } = tokens[index] ?? {}
    const source = own(env).options.picture(String(tokens[index]?.attrGet('src') ?? ''))
    return source === undefined
      ? escapeHtml(content)
      : `<img src="${escapeHtml(source)}" alt="${escapeHtml(content)}">`
  }
  rules.list_item_open = (tokens, index) => {
    const { box } = marksOf(tokens[index] as Token)
    if (box === undefined) return '<li>'
    return `<li class="${box === '[x]' ? 'box yes' : 'box no'}">`
  }
  rules.note = () => ''
  return made
}

function codeBlock(token: Token | undefined, { code, options }: Env): string {
  if (token === undefined) return ''
  const made = code.get(token)
  const whole = `<pre><code>${made?.html ?? ''}</code></pre>`
  const { snippet } = marksOf(token)
  if (snippet?.part === 'output') {
    return `<div class="snippet">${folded(printed(made?.html), snippet, options)}</div>\n`
  }
  const pre =
    made?.commands === undefined || snippet === undefined
      ? whole
      : `<pre><code>${made.commands}</code></pre>${folded(whole, snippet, options)}`
  if (/^lanes\b/.test(token.info)) return `<div class="diagram">${pre}</div>\n`
  if (snippet === undefined) return `<div class="code">${pre}</div>\n`
  const output = folded(printed(made?.output), snippet, options)
  // The button comes at the end of the code.
  if (snippet.continues === true) return `<div class="snippet">${pre}${output}</div>\n`
  const { number } = snippet
  const editable = options.editable?.(number)
  const run =
    editable === undefined
      ? island('run', { number, address: options.runAddress(number) })
      : island('snippet', editable)
  return `${options.aboveSnippet?.(number) ?? ''}<div class="snippet">${pre}${output}${run}</div>\n`
}

/** Until the question above it is answered, or the snippet has run; works without scripts, too. */
function folded(html: string, { number }: SnippetMark, { asked }: HtmlOptions): string {
  if (asked?.has(number) !== true || html === '') return html
  return `<details class="folded" data-snippet="${number}"><summary>What comes back?</summary>${html}</details>`
}

function commandsIn(transcript: string): string {
  return transcript
    .split('\n')
    .filter((line) => line.startsWith('>'))
    .join('\n')
}

function printed(output: string | undefined): string {
  if (output === undefined) return ''
  return `<p class="label">It prints</p><pre class="output"><code>${output}</code></pre>`
}

/** Copies in which every link leads to its place here; one that leads nowhere keeps its text. */
function withLinks(tokens: readonly Token[], { link }: HtmlOptions): Token[] {
  return tokens.map((token) => {
    if (!token.children?.some(({ type }) => type === 'link_open')) return token
    let isDead = false
    const children = token.children.flatMap((child) => {
      if (child.type === 'link_close') return isDead ? [] : [child]
      if (child.type !== 'link_open') return [child]
      const written = String(child.attrGet('href') ?? '')
      const href = link(written)
      isDead = href === undefined
      if (href === undefined) return []
      const living = copyToken(child, { attrs: [...(child.attrs ?? [])] })
      living.attrSet('href', href)
      if (/^https?:/.test(written)) living.attrSet('rel', 'noreferrer')
      return [living]
    })
    return copyToken(token, { children })
  })
}

/** The ID of a heading: the one that GitHub gives it, so that a link works in both places. */
export function idOf(title: string): string {
  return escapeHtml(anchorOf(title) || 'part')
}
