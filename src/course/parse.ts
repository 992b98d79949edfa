import { parseDocument, textBetween } from './document.ts'
import type { FrontMatter } from './front-matter.ts'
import { splitFrontMatter } from './front-matter.ts'
import type { Lesson, Task } from './lesson.ts'
import { parseQuiz } from './quiz.ts'
import { parseSnippets } from './snippets.ts'
import { parseTasks } from './tasks.ts'

/** The content of a lesson's text, as opposed to its front matter. */
export type LessonText = Pick<Lesson, 'intro' | 'tasks' | 'quiz' | 'outro' | 'snippets' | 'text'>

/** Reads the text of a lesson. `file` is for messages, `content` is the whole file. Throws BadLessonError. */
export async function parseLesson(
  file: string,
  content: string,
  frontMatter: Pick<FrontMatter, 'needs'>,
): Promise<LessonText> {
  const { text, textLine } = splitFrontMatter(file, content)
  const document = await parseDocument(file, text, textLine)
  const placed = parseTasks(document, frontMatter.needs)
  const snippets = parseSnippets(document)
  const quiz = parseQuiz(document, snippets)

  const firstTask = placed[0]?.from ?? 0
  const afterTasks = placed.at(-1)?.to ?? 0
  const outro = [
    textBetween(document, afterTasks, quiz?.from ?? document.lines.length),
    textBetween(document, quiz?.to ?? document.lines.length, document.lines.length),
  ]
  return {
    intro: textBetween(document, 0, firstTask),
    tasks: placed.map(({ from: _from, to: _to, ...task }): Task => task),
    quiz: quiz?.questions ?? [],
    outro: outro.filter((part) => part !== '').join('\n\n'),
    snippets,
    text: text.trim(),
  }
}
