import { html } from 'hono/html'
import { type Course, chapters, type LessonSummary } from '../../course/index.ts'
import type { LessonState, ProgressOverview } from '../../progress/index.ts'
import { stateSymbol, stateWord } from '../../terminal/symbols.ts'
import type { Html } from './layout.ts'

export interface ListOptions {
  readonly course: Course
  readonly overview: ProgressOverview
  /** The slug of the lesson that's being read. */
  readonly here?: string
  /** The slug of the lesson to continue with, where none is being read. */
  readonly next?: string | undefined
}

/** All lessons by chapter, each with the reader's progress: sign and word, so that it can be read without color. */
export function lessonList({ course, overview, here, next }: ListOptions): Html {
  return html`${chapters(course).map(
    ({ title, lessons }) => html`<h2 class="chapter">${title}</h2>
<ul class="lessons">${lessons.map((lesson) => entry(lesson, overview, here, next))}</ul>`,
  )}`
}

function entry(
  { slug, number, title, minutes }: LessonSummary,
  overview: ProgressOverview,
  here?: string,
  next?: string,
): Html {
  const { state } = overview.lesson(slug)
  const link = html`<span class="sign s-${state}" aria-hidden="true">${stateSymbol(state, { unicode: true })}</span>
<span class="number">${number}</span> <span class="title">${title}</span><span class="only-read">, ${stateWord(state)}</span>
<span class="minutes">${minutes} min</span>`
  const current = slug === here ? 'page' : slug === next ? 'step' : undefined
  return current === undefined
    ? html`<li><a href="/lessons/${slug}">${link}</a></li>`
    : html`<li><a href="/lessons/${slug}" aria-current="${current}">${link}</a></li>`
}

/** What the signs mean. */
export function legend(): Html {
  return html`<p class="legend">${STATES.map(
    (state) =>
      html`<span><span class="sign s-${state}" aria-hidden="true">${stateSymbol(state, { unicode: true })}</span> ${stateWord(state)}</span> `,
  )}</p>`
}

const STATES: readonly LessonState[] = [
  'new',
  'started',
  'failing',
  'passed',
  'passed-after-solution',
  'skipped',
]
