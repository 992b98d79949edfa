import { html, raw } from 'hono/html'
import { self } from '../../common/self.ts'
import type { Lesson } from '../../course/index.ts'
import type { LessonView, TaskView } from '../lesson-view.ts'
import type { Theme } from '../theme.ts'
import { type Html, page, topBar } from './layout.ts'
import { type ListOptions, lessonList } from './lesson-list.ts'

export interface LessonPageOptions extends ListOptions {
  readonly lesson: Lesson
  readonly view: LessonView
  readonly theme: Theme
}

/** One lesson: text, tasks with hints, quiz, and the way to all others. */
export function lessonPage({ lesson, view, theme, course, overview }: LessonPageOptions): Html {
  const { slug, number, title } = lesson
  const links = html`<a class="to-lessons" href="#lessons">Lessons</a> <a href="/slides/${slug}">Slides</a>`
  const body = html`${topBar(links)}
<div class="frame">
<main id="main" data-slug="${slug}" data-self="${self}">
${article(lesson, view)}
${steps(lesson, course.lessons)}
</main>
<nav id="lessons" aria-label="Lessons"><a class="all" href="/">All lessons</a> <a class="all" href="/glossary">Glossary</a>${lessonList({ course, overview, here: slug })}</nav>
</div>`
  return page({
    title: `${number} · ${title} · eventlings`,
    theme,
    script: 'reader.js',
    style: 'reader.css',
    body,
  })
}

/** The text with its tasks and its quiz. */
export function article({ number, minutes }: Lesson, view: LessonView): Html {
  return html`<article>
<p class="kicker">Lesson ${number} · ${minutes} minutes</p>
${raw(view.intro)}
${view.tasks.map(taskPart)}
${quizPart(view.quiz)}
${raw(view.outro)}
</article>`
}

function taskPart({ id, text, hints }: TaskView): Html {
  return html`<section class="task" aria-labelledby="${id}">
${raw(text)}
${raw(hints)}
</section>`
}

function quizPart(questions: readonly string[]): Html {
  if (questions.length === 0) return html``
  return html`<section class="quiz" aria-labelledby="quiz"><h2 id="quiz">Quiz</h2>
${questions.map((question) => raw(question))}
<noscript><p>The quiz needs JavaScript. In the terminal: <code>npm start</code>.</p></noscript></section>`
}

export function steps(lesson: Lesson, lessons: ListOptions['course']['lessons']): Html {
  const at = lessons.findIndex(({ slug }) => slug === lesson.slug)
  const [before, after] = [lessons[at - 1], lessons[at + 1]]
  return html`<nav class="steps" aria-label="Previous and next lesson">
${before ? html`<a rel="prev" href="/lessons/${before.slug}"><span>Previous</span> ${before.number} · ${before.title}</a>` : ''}
${after ? html`<a rel="next" href="/lessons/${after.slug}"><span>Next</span> ${after.number} · ${after.title}</a>` : ''}
</nav>`
}
