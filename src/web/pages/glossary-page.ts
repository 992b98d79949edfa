import { html, raw } from 'hono/html'
import type { GlossaryEntry } from '../../course/index.ts'
import { type HtmlOptions, markdownHtml } from '../markdown-html.ts'
import type { Theme } from '../theme.ts'
import { type Html, page, topBar } from './layout.ts'

export interface GlossaryPageOptions {
  readonly glossary: readonly GlossaryEntry[]
  readonly links: HtmlOptions
  readonly theme: Theme
}

/** The words of the course; links in the lessons lead to a word's heading. */
export async function glossaryPage({ glossary, links, theme }: GlossaryPageOptions): Promise<Html> {
  const words = await Promise.all(
    glossary.map(async ({ term, anchor, text }) => ({ term, anchor, made: await markdownHtml(text, links) })),
  )
  const body = html`${topBar(html`<a class="to-lessons" href="/">Lessons</a>`)}
<main id="main" class="index">
<h1>Glossary</h1>
${words.map(
  ({ term, anchor, made }) => html`<h2 id="${anchor}">${term}</h2>
${raw(made)}`,
)}
</main>`
  return page({ title: 'Glossary · eventlings', theme, script: 'reader.js', style: 'reader.css', body })
}
