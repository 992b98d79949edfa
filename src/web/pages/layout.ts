import { html, raw } from 'hono/html'
import { island } from '../island.ts'
import type { Theme } from '../theme.ts'

/** HTML that's safe to put in a page. */
export type Html = ReturnType<typeof html>

export interface PageOptions {
  readonly title: string
  readonly theme: Theme
  /** Names of scripts and styles in `/assets/`. */
  readonly script: string
  readonly style: string
  readonly body: Html
  readonly bodyClass?: string
}

/** The frame of every page. */
export function page({ title, theme, script, style, body, bodyClass = '' }: PageOptions): Html {
  const chosen = theme === undefined ? raw('') : raw(` data-theme="${theme}"`)
  return html`<!doctype html>
<html lang="en"${chosen}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="/assets/icon.svg">
<link rel="stylesheet" href="/assets/${style}">
<script type="module" src="/assets/${script}"></script>
</head>
<body class="${bodyClass}">
${body}
</body>
</html>`
}

/** The bar at the top of reading pages; `links` appear beside the name of the course. */
export function topBar(links: Html): Html {
  return html`<a class="skip" href="#main">Skip to the text</a>
<header class="top">
<a class="brand" href="/">eventlings</a>
<div class="links">${links}</div>
${raw(island('theme', {}))}
</header>`
}
