import { html, raw } from 'hono/html'
import { island } from '../island.ts'
import type { SlideView } from '../slides/deck.ts'
import type { Theme } from '../theme.ts'
import { type Html, page } from './layout.ts'

export interface SlidesPageOptions {
  readonly title: string
  readonly slides: readonly SlideView[]
  readonly theme: Theme
}

const keys: readonly (readonly [keys: readonly string[], meaning: string])[] = [
  [['→', 'Space', 'PageDown'], 'the next slide'],
  [['←', 'PageUp'], 'the previous slide'],
  [['Home', 'End'], 'the first slide, the last slide'],
  [['r'], 'run the code on the slide'],
  [['n'], 'notes, in a separate window'],
  [['b', '.'], 'black screen on and off'],
  [['f'], 'full screen'],
  [['?'], 'these keys'],
]

/** All slides in one page; the script shows one of them, and printing puts each on its own page. */
export function slidesPage({ title, slides, theme }: SlidesPageOptions): Html {
  const body = html`<main id="deck" aria-label="${title}">
${slides.map((slide, index) => slidePart(slide, index, slides.length))}
</main>
<aside id="notes" aria-label="Notes" hidden></aside>
<nav id="controls" aria-label="Slides">
<button type="button" id="back" aria-label="Previous slide">←</button>
<output id="place" aria-live="polite">1 / ${slides.length}</output>
<button type="button" id="on" aria-label="Next slide">→</button>
<button type="button" id="ask" aria-haspopup="dialog">Keys</button>
${raw(island('theme', {}))}
<a href="/">All lessons</a>
</nav>
<p id="black" role="status"></p>
<dialog id="blocked" aria-labelledby="blocked-title"><h2 id="blocked-title">Your browser blocked the notes</h2>
<p>They open in a separate window. Allow pop-ups for this page, then press <kbd>n</kbd> again.</p>
<form method="dialog"><button>Close</button></form></dialog>
<dialog id="keys" aria-labelledby="keys-title"><h2 id="keys-title">Keys</h2>
<dl>${keys.map(
    ([names, meaning]) =>
      html`<div><dt>${names.map((name) => html`<kbd>${name}</kbd> `)}</dt><dd>${meaning}</dd></div>`,
  )}</dl>
<p>To make a PDF, print this page: each slide becomes a page.</p>
<form method="dialog"><button>Close</button></form></dialog>`
  return page({
    title: `${title} · slides`,
    theme,
    script: 'slides.js',
    style: 'slides.css',
    body,
    bodyClass: 'slides',
  })
}

function slidePart(slide: SlideView, index: number, count: number): Html {
  const { kind, title, above, part, body, notes } = slide
  const current = index === 0 ? ' current' : ''
  // Two lines at most.
  const long = title.replace(/<[^>]+>/g, '').length > 36 ? 'long' : ''
  return html`<section class="slide ${kind}${current}" aria-label="Slide ${index + 1} of ${count}">
<div class="stage">
<header>${above === '' ? '' : html`<p class="above">${raw(above)}</p>`}<h1 class="${long}" tabindex="-1">${raw(title)}</h1>${
    part === '' ? '' : html`<span class="part">${part}</span>`
  }</header>
<div class="content"><div class="fit">${raw(body)}</div></div>
<footer><span>eventlings</span><span>${index + 1}</span></footer>
</div>
<aside class="notes" aria-label="Notes" hidden>${raw(notes)}</aside>
</section>
`
}
