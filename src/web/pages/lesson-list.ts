import { html } from 'hono/html'
import { type Course, chapters, type LessonSummary } from '../../course/index.ts'
import type { ProgressOverview } from '../../progress/index.ts'
import { stateSymbol, stateWord } from '../../terminal/symbols.ts'
import type { Html } from './layout.ts'

export interface ListOptions {
  readonly course: Course
  readonly overview: ProgressOverview
  /** The slug of the lesson that's being read. */
  readonly here?: string
}

/** All lessons by chapter, each with the reader's progress: sign and word, so that it can be read without color. */
export function lessonList({ course, overview, here }: ListOptions): Html {
  return html`${chapters(course).map(
    ({ title, lessons }) => html`<h2 class="chapter">${title}</h2>
<ul class="lessons">${lessons.map((lesson) => entry(lesson, overview, here))}</ul>`,
  )}`
}

function entry(
  { slug, number, title, minutes }: LessonSummary,
  overview: ProgressOverview,
  here?: string,
): Html {
  const { state } = overview.lesson(slug)
  const link = html`<span class="sign s-${state}" aria-hidden="true">${stateSymbol(state, { unicode: true })}</span>
<span class="number">${number}</span> <span class="title">${title}</span><span class="only-read">, ${stateWord(state)}</span>
<span class="minutes">${minutes} min</span>`
  return slug === here
    ? html`<li><a href="/lessons/${slug}" aria-current="page">${link}</a></li>`
    : html`<li><a href="/lessons/${slug}">${link}</a></li>`
}
