import type { Lesson } from '../course/index.ts'
import type { SnippetResult, Stage } from '../playground/index.ts'
import { renderMarkdown } from '../terminal/index.ts'
import { offeredOn, textWithSnippets } from './snippets-in-text.ts'
import type { Walk } from './walk.ts'

/** The text of a lesson page by page, with snippets that run in their place. Says whether the reader came to its end. */
export async function readLesson(
  { desk, session, ui, palette }: Walk,
  lesson: Lesson,
): Promise<'end' | 'left'> {
  const outputs = new Map<number, string>()
  let stage: Stage | undefined

  async function run(number: number): Promise<string> {
    try {
      const [{ redis }, { openStage, fenced }] = await Promise.all([
        session.open(),
        import('../playground/index.ts'),
      ])
      stage ??= openStage({ root: desk.course.root, redis, lesson })
      return inMarkdown(await stage.run(number), fenced)
    } catch (error) {
      stage?.close()
      stage = undefined
      if (error instanceof Error) return `It could not be run: ${error.message}`
      throw error
    }
  }

  try {
    return await ui.read(
      (width) => renderMarkdown(textWithSnippets(lesson, outputs), { width, palette }),
      async (page) => {
        const number = offeredOn(page)
        if (number === undefined) return undefined
        const ran = `Snippet ${number}, run here`
        outputs.set(number, `*${ran}:*\n\n${await run(number)}`)
        return ran
      },
    )
  } finally {
    stage?.close()
  }
}

function inMarkdown(
  { snippet, ran, asShown }: SnippetResult,
  fenced: (language: string, text: string) => string,
): string {
  const isRedis = snippet.kind === 'redis'
  const text = ran.map(({ code, output }) => (isRedis ? `> ${code}\n${output}` : output)).join('\n')
  const differs = asShown ? '' : '\n\nThe lesson shows something else above.'
  return `${text === '' ? 'Nothing printed.' : fenced(isRedis ? 'redis' : '', text)}${differs}`
}
