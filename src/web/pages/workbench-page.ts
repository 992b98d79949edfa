import { html, raw } from 'hono/html'
import { self } from '../../common/self.ts'
import { island } from '../island.ts'
import { type Html, page } from './layout.ts'
import { article, type LessonPageOptions, steps } from './lesson-page.ts'

/** A lesson to read, beside the editor for it. The editor's styles need the nonce that the page's policy allows. */
export function workbenchPage(options: LessonPageOptions, nonce: string): Html {
  const { lesson, view, theme, course } = options
  const { slug, number, title } = lesson
  const body = html`<a class="skip" href="#main">Skip to the text</a> <a class="skip" href="#bench">Skip to your code</a>
<header class="top">
<a class="brand" href="/">eventlings</a>
<div class="links"><a class="to-bench" href="#bench">Your code</a> <a href="/">Lessons</a> <a href="/slides/${slug}">Slides</a></div>
${raw(island('theme', {}))}
</header>
<div class="bench-frame">
<main id="main" data-slug="${slug}" data-self="${self}">
${article(lesson, view)}
${steps(lesson, course.lessons)}
</main>
<section id="bench" tabindex="-1" aria-label="Your code" data-slug="${slug}" data-nonce="${nonce}">
<noscript><p>The editor needs scripts. In the terminal: <code>${self} watch ${number}</code></p></noscript>
</section>
</div>`
  return page({
    title: `${number} · ${title} · eventlings`,
    theme,
    script: 'workbench.js',
    style: 'workbench.css',
    body,
    bodyClass: 'workbench',
  })
}
