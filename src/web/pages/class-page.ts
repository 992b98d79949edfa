import { html, raw } from 'hono/html'
import { island } from '../island.ts'
import type { ClassView } from '../protocol.ts'
import type { Theme } from '../theme.ts'
import { type Html, page } from './layout.ts'

export interface ClassPageOptions {
  readonly view: ClassView
  readonly title: string
  readonly theme: Theme
  /** Whom the page of a participant is about. */
  readonly participant?: string
}

/** A page of the class; its content arrives live, so without scripts there's only a sentence. */
export function classPage({ view, title, theme, participant = '' }: ClassPageOptions): Html {
  const links =
    view === 'login'
      ? html``
      : html`<a href="/instructor">Dashboard</a> <a href="/instructor/projector">Wall</a>`
  const body = html`<a class="skip" href="#main">Skip to the text</a>
<header class="top"><span class="brand">eventlings</span><div class="links">${links}</div>${raw(island('theme', {}))}</header>
<main id="main" class="class ${view}">
<div id="class" data-view="${view}" data-participant="${participant}"></div>
<noscript><p>This page shows the class live, which needs JavaScript.</p></noscript>
</main>`
  return page({ title: `${title} · eventlings`, theme, script: 'class.js', style: 'class.css', body })
}

const howToJoin = html`<p>This is a class. Take part from your own terminal, in the course's folder:</p>
<pre><code id="join-command">npx eventlings class join ADDRESS --code CODE --as NAME</code></pre>
<p>Use the address in your browser and the code from your instructor. From then on, your instructor sees your checks, your
hints, and the lessons you open. Your code stays with you unless you choose to share it.</p>`

/** What anyone who opens the address of the class in a browser sees: how to join, and nothing about anyone. */
export function welcomePage(name: string, isClosed: boolean, theme: Theme): Html {
  const body = html`<header class="top"><span class="brand">eventlings</span><div class="links"></div>${raw(island('theme', {}))}</header>
<main id="main" class="class welcome">
<h1>${name}</h1>
${isClosed ? html`<p>The class is closed.</p>` : howToJoin}
<p><a href="/instructor">For the instructor</a></p>
</main>`
  return page({ title: `${name} · eventlings`, theme, script: 'class.js', style: 'class.css', body })
}
