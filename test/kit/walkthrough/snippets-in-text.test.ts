import { describe, expect, test } from 'vitest'
import { loadCourse } from '../../../src/course/index.ts'
import { parseLesson } from '../../../src/course/parse.ts'
import { palette } from '../../../src/terminal/index.ts'
import { rendered, withSnippets } from '../../../src/walkthrough/snippets-in-text.ts'
import { lessonFile, oneTask } from '../course/course-folder.ts'

const course = await loadCourse()
const plain = { width: 80, palette: palette({ colours: false, unicode: true }) }

async function shown(
  slug: string,
  outputs: ReadonlyMap<number, string>,
  guessed: ReadonlySet<number> = new Set(),
) {
  const passages = await rendered(withSnippets(await course.lesson(slug), outputs, guessed), plain)
  return passages.map(({ text }) => text).join('\n\n')
}

describe('a lesson offers to run its snippets', () => {
  for (const { slug } of course.lessons) {
    test(`${slug}: each once, in order`, async () => {
      const lesson = await course.lesson(slug)
      const offers = withSnippets(lesson, new Map()).flatMap(({ offers }) => offers ?? [])
      expect(offers).toEqual(lesson.snippets.map((_, index) => index + 1))
    })
  }

  test('below the output in the lesson, which gives way to the output of a run', async () => {
    const text = await shown('02-list-store', new Map([[1, 'came back']]))
    expect(text).toMatch(/log\s+needs:\n\ncame back\n/)
    expect(text).toMatch(/ {2}\[ 'second' \]\n\nr runs snippet 6\n/)
    expect(text).not.toContain('r runs snippet 1\n')
  })

  test('below the output, even if a speaker note comes before it', async () => {
    const fence = '```'
    const code = `${fence}ts run\nconsole.log(1)\n${fence}\n\n<!-- note: Ask. -->\n\n${fence}output\n1\n${fence}`
    const text = lessonFile({}, `${code}\n\n${oneTask}`)
    const lesson = await parseLesson('lessons/01-events.md', text, { needs: [] })
    const passages = await rendered(
      withSnippets({ ...(await course.lesson('01-events')), ...lesson }, new Map()),
      plain,
    )
    expect(passages.filter(({ offers }) => offers !== undefined)).toHaveLength(1)
    expect(passages.map((passage) => passage.text).join('\n')).toMatch(/1\s+r runs snippet 1\n/)
  })

  test('output to predict is left out until the snippet has run', async () => {
    const guessed = new Set([5, 6])
    const text = await shown('02-list-store', new Map(), guessed)
    expect(text).toMatch(/> LRANGE \S+ 0 -1\n\nWhat comes back\? r runs snippet 5\n/)
    expect(text).not.toContain("[ 'second' ]")
    const after = await shown('02-list-store', new Map([[6, 'came back']]), guessed)
    expect(after).toMatch(/console\.log\(heard\)\n\ncame back/)
  })
})
