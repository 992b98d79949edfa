import type { Lesson, LessonSummary } from '../course/index.ts'
import { openLesson } from '../learner/index.ts'
import { lessonAfter, shownPath } from '../learner/learner.ts'
import { isPassed } from '../progress/index.ts'
import { openQuestions } from '../snippets/predict.ts'
import { type Action, actions } from './lesson-actions.ts'
import { askQuiz } from './quiz.ts'
import { readLesson } from './read-lesson.ts'
import type { Choice } from './ui.ts'
import type { Walk } from './walk.ts'

type Way = 'next' | 'home'

/**
 * One lesson: its text, its quiz, and then checks, hints and the rest. Returns the lesson to continue with, if any.
 */
export async function walkLesson(walk: Walk, summary: LessonSummary): Promise<LessonSummary | undefined> {
  const { desk, ui } = walk
  const lesson = await desk.course.lesson(summary.slug)
  const isNewHere = desk.progress.overview().lesson(lesson.slug).state === 'new'
  const { file, isNew } = await openLesson(desk, lesson.slug)
  if (isNewHere) await read(walk, lesson)
  ui.print(
    isNew
      ? `Your file for this lesson is ready: ${shownPath(file)}`
      : `Your file for this lesson: ${shownPath(file)}`,
  )
  return (await loop(walk, lesson)) === 'next' ? lessonAfter(desk, summary) : undefined
}

async function read(walk: Walk, lesson: Lesson): Promise<void> {
  const end = await showText(walk, lesson)
  const questions = openQuestions(lesson, walk.desk.progress.overview().lesson(lesson.slug))
  if (end === 'left' || questions.length === 0) return
  const wants = await walk.ui.choose('A few questions about what you read?', [
    { name: `Yes, ask me (${questions.length})`, value: true },
    { name: 'Not now', value: false },
  ])
  if (wants) await askQuiz(walk, lesson, questions)
}

/** A learner who asks for the quiz isn't told that no questions are left. */
async function quiz(walk: Walk, lesson: Lesson): Promise<void> {
  const open = openQuestions(lesson, walk.desk.progress.overview().lesson(lesson.slug))
  await askQuiz(walk, lesson, open.length === 0 ? lesson.quiz : open)
}

/** Only a reader who got to the end has read it. */
async function showText(walk: Walk, lesson: Lesson): Promise<'end' | 'left'> {
  const end = await readLesson(walk, lesson)
  if (end === 'end') await walk.desk.progress.record('LESSON_READ', lesson.slug, {})
  return end
}

async function loop(walk: Walk, lesson: Lesson): Promise<Way> {
  let preselected: Action | 'read' | 'quiz' | Way = 'check'
  for (;;) {
    const chosen: Action | 'read' | 'quiz' | Way = await walk.ui.choose(
      `${lesson.number} · ${lesson.title}`,
      choices(walk, lesson),
      preselected,
    )
    switch (chosen) {
      case 'next':
      case 'home':
        return chosen
      case 'read':
        await showText(walk, lesson)
        break
      case 'quiz':
        await quiz(walk, lesson)
        break
      default:
        await actions[chosen](walk, lesson)
    }
    const passed = isPassed(walk.desk.progress.overview().lesson(lesson.slug))
    // Enter, Enter, Enter: after a hint or an edit comes a check, after a pass the next lesson.
    preselected = passed && chosen === 'check' ? 'next' : 'check'
  }
}

function choices(walk: Walk, lesson: Lesson): readonly Choice<Action | 'read' | 'quiz' | Way>[] {
  return [
    { name: 'Check my answer', value: 'check' },
    { name: 'Check whenever I save (watch)', value: 'watch' },
    { name: 'Hint', value: 'hint' },
    { name: 'Open in my editor', value: 'edit' },
    { name: 'Show the task', value: 'task' },
    { name: 'Read the lesson again', value: 'read' },
    ...(lesson.quiz.length === 0 ? [] : [{ name: 'Quiz', value: 'quiz' as const }]),
    { name: 'Solution', value: 'solution' },
    { name: 'Compare with the solution (diff)', value: 'diff' },
    ...(lessonAfter(walk.desk, lesson) === undefined
      ? []
      : [{ name: 'Next lesson', value: 'next' as const }]),
    { name: 'Back to the start', value: 'home' },
  ]
}
