import type { Lesson } from '../course/index.ts'
import { explanation, recordAnswer } from '../learner/quiz.ts'
import type { SnippetResult, SnippetRunner } from '../snippets/index.ts'
import { openQuestionsAt, wholeQuestion } from '../snippets/predict.ts'
import { fenced } from '../snippets/render-snippet.ts'
import { askQuestion } from './quiz.ts'
import { rendered, withSnippets } from './snippets-in-text.ts'
import type { Reading, ReadingEnd } from './ui.ts'
import { bookmarkIn, type Walk } from './walk.ts'

/** How a place shares the screen and the Redis with the program that shows it. */
export interface VisitOptions extends Pick<Reading, 'signal' | 'onTurned'> {
  /** Resolves when Redis is free. */
  idle?(): Promise<void>
}

/** The text of a lesson page by page, with snippets that run in place. Returns how the reader left it. */
export async function readLesson(
  walk: Walk,
  lesson: Lesson,
  options: VisitOptions = {},
): Promise<ReadingEnd> {
  const { learner, session, ui, palette } = walk
  const progress = learner.progress.overview().lesson(lesson.slug)
  const numbers = lesson.snippets.map((_, index) => index + 1)
  const guessed = new Set(numbers.filter((number) => openQuestionsAt(number, lesson, progress).length > 0))
  const outputs = new Map<number, string>()
  const bookmark = bookmarkIn(walk, lesson.slug)
  let runner: SnippetRunner | undefined

  async function run(number: number): Promise<string> {
    try {
      await options.idle?.()
      const [{ redis }, { openSnippetRunner }] = await Promise.all([
        session.open(),
        import('../snippets/index.ts'),
      ])
      runner ??= openSnippetRunner({ root: learner.course.root, redis, lesson })
      return inMarkdown(await runner.run(number))
    } catch (error) {
      runner?.close()
      runner = undefined
      if (error instanceof Error) return `The snippet couldn't run: ${error.message}`
      throw error
    }
  }

  try {
    const end = await ui.read(
      (width) => rendered(withSnippets(lesson, outputs, guessed), { width, palette }),
      {
        hasKeys: true,
        bookmark,
        ...(options.signal && { signal: options.signal }),
        ...(options.onTurned && { onTurned: options.onTurned }),
        async run(number, instead) {
          const verdicts = guessed.has(number) ? await instead(() => askAt(walk, lesson, number)) : []
          const above = verdicts.length === 0 ? [] : [`*Your answer before snippet ${number}:*`, ...verdicts]
          outputs.set(number, [...above, `*Snippet ${number}, run here:*`, await run(number)].join('\n\n'))
        },
      },
    )
    if (end === 'end') bookmark.share = 0
    return end
  } finally {
    runner?.close()
  }
}

/**
 * The questions before a snippet, and what to say about the answers, as Markdown. A learner who leaves isn't asked
 * again here.
 */
async function askAt(walk: Walk, lesson: Lesson, number: number): Promise<readonly string[]> {
  const verdicts: string[] = []
  const progress = walk.learner.progress.overview().lesson(lesson.slug)
  for (const question of openQuestionsAt(number, lesson, progress)) {
    const asked = { text: wholeQuestion(question, lesson), answers: question.answers }
    const chosen = await askQuestion(walk, asked, `Before snippet ${number} runs`, 'the question')
    if (chosen === 'leave') break
    verdicts.push(explanation(question, chosen, await recordAnswer(walk.learner, lesson, question, chosen)))
  }
  return verdicts
}

function inMarkdown({ snippet, ran, asShown }: SnippetResult): string {
  const isRedis = snippet.kind === 'redis'
  const text = ran.map(({ code, output }) => (isRedis ? `> ${code}\n${output}` : output)).join('\n')
  const differs = asShown ? '' : '\n\nThe output in the lesson above is different.'
  return `${text === '' ? 'It printed nothing.' : fenced(isRedis ? 'redis' : '', text)}${differs}`
}
