import type { Token } from 'markdown-it'
import type { Lesson, QuizQuestion } from '../../course/index.ts'
import { parseMarkdown } from '../../markdown/parse.ts'
import { wholeQuestion } from '../../snippets/predict.ts'
import { type HtmlOptions, lineHtml, markdownHtml, tokensToHtml, withOutputs } from '../markdown-html.ts'
import { cutIntoSlides } from './cut.ts'

/** A slide as HTML. */
export interface SlideView {
  readonly kind: 'title' | 'text' | 'question'
  readonly title: string
  readonly above: string
  /** `2/3`; empty where the section fits on one slide. */
  readonly part: string
  readonly body: string
  readonly notes: string
}

interface Draft {
  readonly kind?: 'question'
  readonly title: string
  /** Tokens of the lesson, or Markdown that was made of its quiz. */
  readonly text: readonly Token[] | string
  /** Facts for the presenter, not for the class; they go with the first slide. */
  readonly aside?: string
}

/**
 * A lesson as slides, in the order of its text: title, prose, tasks, questions each with its answer, the rest. `say`
 * is what its presenter should know before starting, as Markdown.
 */
export async function lessonSlides(
  lesson: Lesson,
  links: HtmlOptions,
  say = '',
): Promise<readonly SlideView[]> {
  const asked = new Set(lesson.quiz.flatMap(({ before }) => before ?? []))
  const label = `${lesson.number} · ${lesson.title}`
  const slides: SlideView[] = [await titleSlide(lesson, links, say)]
  for (const { kind = 'text', title, text, aside } of drafts(lesson)) {
    const tokens = typeof text === 'string' ? await parseMarkdown(text) : withOutputs(text)
    for (const [index, slide] of cutIntoSlides(title, tokens).entries()) {
      const notes = index === 0 && aside !== undefined ? [...slide.notes, aside] : slide.notes
      slides.push({
        kind,
        title: await lineHtml(slide.title, links),
        above: await lineHtml(
          slide.above ?? (slide.title === lesson.title ? `Lesson ${lesson.number}` : label),
          links,
        ),
        part: slide.parts > 1 ? `${slide.part}/${slide.parts}` : '',
        body: await tokensToHtml(slide.tokens, { ...links, asked }),
        notes: await markdownHtml(notes.join('\n\n'), links),
      })
    }
  }
  return slides
}

function drafts(lesson: Lesson): readonly Draft[] {
  return [
    { title: lesson.title, text: lesson.intro },
    ...lesson.tasks.map((task) => ({
      title: task.name,
      text: task.text,
      aside: `**If they get stuck**\n\n${task.hints.map((hint, index) => item(hint, `${index + 1}. `)).join('\n')}`,
    })),
    ...lesson.quiz.flatMap((question, index) => questionDrafts(lesson, question, index + 1)),
    { title: lesson.title, text: lesson.outro },
  ]
}

/** First the question alone, to think about; the next slide answers it. */
function questionDrafts(lesson: Lesson, asked: QuizQuestion, number: number): readonly Draft[] {
  const { question, answers } = asked
  const solved = answers.map(({ text, right, explanation }) => {
    const answer = right && !text.includes('*') ? `**${text}**` : text
    return item(`[${right ? 'x' : ' '}] ${answer}${explanation === '' ? '' : `\n\n${explanation}`}`, '- ')
  })
  const right = answers.flatMap(({ right }, index) => (right ? ['ABCDEFGH'[index]] : []))
  return [
    {
      kind: 'question',
      title: `Question ${number}`,
      text: `${wholeQuestion(asked, lesson)}\n\n${answers.map(({ text }) => `1. ${noList(text)}`).join('\n')}`,
      aside: `Right: **${right.join(', ')}**. The next slide says why.`,
    },
    {
      kind: 'question',
      title: `Question ${number}, answered`,
      text: `${question.split('\n\n')[0]}\n\n${solved.join('\n')}`,
    },
  ]
}

/** An answer such as `1000.` would begin a list of its own. */
function noList(text: string): string {
  return text.replace(/^(\d+)([.)])(?=\s|$)/, '$1\\$2')
}

/** An item of a list, with its content indented as far as its text. */
function item(text: string, marker: string): string {
  return `${marker}${text.replaceAll('\n', `\n${' '.repeat(marker.length)}`)}`
}

async function titleSlide(lesson: Lesson, links: HtmlOptions, say: string): Promise<SlideView> {
  const about = `Lesson ${lesson.number} · ${lesson.minutes} minutes`
  return {
    kind: 'title',
    title: await lineHtml(lesson.title, links),
    above: '',
    part: '',
    body: `<p>${about}</p>`,
    notes: await markdownHtml(
      `${say}\n\n${lesson.tasks.length} tasks: ${lesson.tasks.map(({ name }) => name).join(', ')}.`,
      links,
    ),
  }
}
