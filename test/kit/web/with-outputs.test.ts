import { expect, test } from 'vitest'
import { parseLesson } from '../../../src/course/parse.ts'
import { isNote, marksOf } from '../../../src/markdown/tokens.ts'
import { withOutputs } from '../../../src/web/markdown-html.ts'
import { lessonFile, oneTask } from '../course/course-folder.ts'

test('the output moves to its code past a speaker note, which stays', async () => {
  const text = `\`\`\`ts run\nconsole.log(1)\n\`\`\`\n\n<!-- note: Ask what comes. -->\n\n\`\`\`output\n1\n\`\`\`\n\n${oneTask}`
  const { intro } = await parseLesson('lessons/01-events.md', lessonFile({}, text), { needs: [] })
  const [code, note, ...rest] = withOutputs(intro)
  expect(code && marksOf(code).snippet).toMatchObject({ number: 1, part: 'code', prints: '1' })
  expect(note && isNote(note)).toBe(true)
  expect(rest.some((token) => marksOf(token).snippet?.part === 'output')).toBe(false)
})
