import { parseDocument, tokensBetween } from './document.ts'
import type { FrontMatter } from './front-matter.ts'
import { splitFrontMatter } from './front-matter.ts'
import type { Lesson, Task } from './lesson.ts'
import { parseQuiz } from './quiz.ts'
import { sampler } from './samples.ts'
import { parseSnippets } from './snippets.ts'
import { parseTasks } from './tasks.ts'

/** The content of a lesson's text, as opposed to its front matter. */
export type LessonText = Pick<Lesson, 'intro' | 'tasks' | 'quiz' | 'outro' | 'snippets' | 'text' | 'tokens'>

/** Reads the text of a lesson. `file` is for messages, `content` is the whole file. Throws BadLessonError. */
export async function parseLesson(
  file: string,
  content: string,
  frontMatter: Pick<FrontMatter, 'needs'>,
): Promise<LessonText> {
  const { text, textLine } = splitFrontMatter(file, content)
  const document = await parseDocument(file, text, textLine)
  const placed = await parseTasks(document, frontMatter.needs)
  const snippets = parseSnippets(document)
  const quiz = parseQuiz(document, snippets)

  const end = document.lines.length
  const afterTasks = placed.at(-1)?.to ?? 0
  // In this order, because IDs in outputs go on counting.
  const sampled = sampler()
  return {
    intro: sampled(tokensBetween(document, 0, placed[0]?.from ?? 0)),
    tasks: placed.map(({ from: _from, to: _to, ...task }): Task => ({ ...task, text: sampled(task.text) })),
    quiz: quiz?.questions ?? [],
    outro: sampled([
      ...tokensBetween(document, afterTasks, quiz?.from ?? end),
      ...tokensBetween(document, quiz?.to ?? end, end),
    ]),
    snippets,
    text: text.trim(),
    tokens: document.tokens,
  }
}
