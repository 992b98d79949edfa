import { html, raw } from 'hono/html'
import type { Theme } from '../theme.ts'
import { type Html, page, topBar } from './layout.ts'

/** The words of the course, already as HTML; links in the lessons lead to a word's heading. */
export function glossaryPage(words: string, theme: Theme): Html {
  const body = html`${topBar(html`<a class="to-lessons" href="/">Lessons</a>`)}
<main id="main" class="index">
${raw(words)}
</main>`
  return page({ title: 'Glossary · eventlings', theme, script: 'reader.js', style: 'reader.css', body })
}
