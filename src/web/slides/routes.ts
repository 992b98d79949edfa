import type { Context, Hono } from 'hono'
import { type Course, type LessonSummary, tracks } from '../../course/index.ts'
import { linksOf } from '../links.ts'
import { slidesPage } from '../pages/slides-page.ts'
import { themeIn } from '../theme.ts'
import { lessonSlides } from './deck.ts'
import { speakerNotes } from './instructor.ts'

/** Slides of one lesson, and of all lessons of a track, one after the other. */
export function addSlides(app: Hono, course: Course): void {
  const show = async (context: Context, title: string, lessons: readonly LessonSummary[]) => {
    const notes = await speakerNotes(course.root)
    const decks = lessons.map(async ({ slug, number }) =>
      lessonSlides(await course.lesson(slug), linksOf(course, slug), notes.get(number)),
    )
    const slides = (await Promise.all(decks)).flat()
    return context.html(slidesPage({ title, slides, theme: themeIn(context) }))
  }

  app.get('/slides/track/:name', (context) => {
    const track = tracks(course).find(({ name }) => name === context.req.param('name'))
    return track === undefined ? context.notFound() : show(context, track.title, track.lessons)
  })

  app.get('/slides/:slug', (context) => {
    const lesson = course.lessons.find(({ slug }) => slug === context.req.param('slug'))
    return lesson === undefined
      ? context.notFound()
      : show(context, `${lesson.number} · ${lesson.title}`, [lesson])
  })
}
