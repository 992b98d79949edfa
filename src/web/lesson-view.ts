import type { Token } from 'markdown-it'
import type { Lesson, QuizQuestion } from '../course/index.ts'
import type { LessonProgress } from '../progress/index.ts'
import { island } from './island.ts'
import { type HtmlOptions, idOf, lineHtml, markdownHtml, tokensToHtml, withOutputs } from './markdown-html.ts'

export interface TaskView {
  /** The anchor of its heading. */
  readonly id: string
  readonly text: string
  readonly hints: string
}

/** A lesson as HTML, part by part, without right answers and hints that weren't shown yet. */
export interface LessonView {
  readonly intro: string
  readonly tasks: readonly TaskView[]
  readonly quiz: readonly string[]
  readonly outro: string
}

export async function lessonView(
  lesson: Lesson,
  progress: LessonProgress,
  links: HtmlOptions,
): Promise<LessonView> {
  const address = `/lessons/${lesson.slug}`
  const open = lesson.quiz.filter(
    ({ question }) => !progress.quiz.some((answered) => answered.question === question),
  )
  const asked = new Set(open.flatMap(({ before }) => before ?? []))
  const questions = await Promise.all(
    lesson.quiz.map(async (question, index) => ({
      before: question.before,
      html: await questionIsland(question, index + 1, { address, progress, links }),
    })),
  )
  const placed = new Set<(typeof questions)[number]>()
  const aboveSnippet = (number: number) => {
    const here = questions.filter(({ before }) => before === number)
    for (const question of here) placed.add(question)
    return here.map(({ html }) => html).join('')
  }
  const render = (tokens: readonly Token[]) =>
    tokensToHtml(withOutputs(tokens), { ...links, asked, aboveSnippet })
  const intro = await render(lesson.intro)
  const tasks: TaskView[] = []
  for (const task of lesson.tasks) {
    const text = await render(task.text)
    const steps = progress.hintSteps[task.number] ?? []
    const shown = task.hints.filter((_, index) => steps.includes(index + 1))
    const hints = island('hints', {
      number: lesson.number,
      task: task.number,
      address: `${address}/tasks/${task.number}/hint`,
      shown: await Promise.all(shown.map((hint) => markdownHtml(hint, links))),
      of: task.hints.length,
    })
    tasks.push({ id: idOf(`Task ${task.number} · ${task.name}`), text, hints })
  }
  const outro = await render(lesson.outro)
  // Questions without a snippet above are asked at the end, so that none is lost.
  const quiz = questions.filter((question) => !placed.has(question)).map(({ html }) => html)
  return { intro, tasks, quiz, outro }
}

async function questionIsland(
  question: QuizQuestion,
  number: number,
  { address, progress, links }: { address: string; progress: LessonProgress; links: HtmlOptions },
): Promise<string> {
  const last = progress.quiz.find((one) => one.question === question.question)
  const [first = '', ...more] = question.question.split('\n\n')
  return island('question', {
    id: `question-${number}`,
    address: `${address}/quiz/${number}`,
    title: await lineHtml(first, links),
    more: await markdownHtml(more.join('\n\n'), links),
    answers: await Promise.all(question.answers.map(({ text }) => lineHtml(text, links))),
    several: question.answers.filter(({ right }) => right).length > 1,
    snippet: question.before,
    before: last === undefined ? undefined : last.right ? 'right' : 'wrong',
  })
}
