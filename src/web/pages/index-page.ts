import { html } from 'hono/html'
import { self } from '../../common/self.ts'
import { type LessonSummary, type Track, tracks } from '../../course/index.ts'
import { passedOf } from '../../progress/index.ts'
import type { Theme } from '../theme.ts'
import { type Html, page, topBar } from './layout.ts'
import { type ListOptions, legend, lessonList } from './lesson-list.ts'

export interface IndexOptions extends Omit<ListOptions, 'here' | 'next'> {
  /** Where to continue; undefined if every lesson is done. */
  readonly next: LessonSummary | undefined
  /** The one that the learner follows; undefined for the whole course. */
  readonly track: Track | undefined
  readonly theme: Theme
  /** The lessons' pages have an editor. */
  readonly isWorkbench: boolean
}

/** All lessons, and the tracks as slides. */
export function indexPage(options: IndexOptions): Html {
  const { course, overview, theme, isWorkbench, next } = options
  const passed = passedOf(overview, course.lessons)
  const how = isWorkbench
    ? 'Each lesson has its text and your code on one page.'
    : html`Read here; write in your own editor; check with <code>${self} watch</code>. To do all of it on one page,
run <code>${self} open</code>.`
  const body = html`${topBar(html`<a href="/glossary">Glossary</a>`)}
<main id="main" class="index">
<h1>Event sourcing on Redis, in small exercises</h1>
<p class="lead">${course.lessons.length} lessons, ${passed} passed. ${how}</p>
${goOn(options)}
${legend()}
<nav aria-label="Lessons">${lessonList({ course, overview, next: next?.slug })}</nav>
<h2>As slides, for a class</h2>
<ul class="tracks">${tracks(course).map(
    ({ name, title, lessons }) =>
      html`<li><a href="/slides/track/${name}">${title}</a> <span class="minutes">${lessons.length} lessons</span></li>`,
  )}</ul>
</main>`
  return page({ title: 'eventlings', theme, script: 'reader.js', style: 'reader.css', body })
}

/** Where the learner is, and in which track. */
function goOn({ next, track, overview }: IndexOptions): Html {
  const inTrack =
    track === undefined
      ? ''
      : `You follow the track ${track.name}: ${passedOf(overview, track.lessons)} of ${track.lessons.length} passed. `
  if (next === undefined) return html`<p>${inTrack}Nothing is left to do.</p>`
  const { slug, number, title } = next
  const verb = overview.lesson(slug).state === 'new' ? 'Start' : 'Continue with'
  return html`<p>${inTrack}${verb} <a href="/lessons/${slug}">${number} · ${title}</a>.</p>`
}

/** A page shown instead of the requested one. */
export function problemPage(heading: string, sentence: string, theme: Theme): Html {
  const body = html`${topBar(html``)}
<main id="main" class="index"><h1>${heading}</h1><p>${sentence}</p>
<p><a href="/">All lessons</a></p></main>`
  return page({ title: `${heading} · eventlings`, theme, script: 'reader.js', style: 'reader.css', body })
}
