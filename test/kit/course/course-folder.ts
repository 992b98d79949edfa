import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import type { LessonSummary } from '../../../src/course/index.ts'

/** A project folder with these lessons, by file name; deleted after the test. */
export async function courseFolder(lessons: Readonly<Record<string, string>>): Promise<string> {
  const root = await mkdtemp(path.join(tmpdir(), 'eventlings-course-'))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  await mkdir(path.join(root, 'lessons'))
  await Promise.all(
    Object.entries(lessons).map(([name, text]) => writeFile(path.join(root, 'lessons', name), text)),
  )
  return root
}

const frontMatter = {
  title: 'Events',
  chapter: 'Events, on lists',
  minutes: '20',
  exports: '[createEvent]',
}

export const oneTask = `# Events

Once upon a time.

## Task 1 · createEvent

Write it.

### Hints
1. Think.
`

/** A lesson's file. A field of front matter given as undefined is left out. */
export function lessonFile(
  fields: Readonly<Record<string, string | undefined>> = {},
  text: string = oneTask,
): string {
  const lines = Object.entries({ ...frontMatter, ...fields }).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${value}`],
  )
  return ['---', ...lines, '---', text].join('\n')
}

export function summary(slug: string, more: Partial<LessonSummary> = {}): LessonSummary {
  return {
    slug,
    number: slug.slice(0, 2),
    title: slug,
    chapter: 'One',
    minutes: 20,
    after: [],
    needs: [],
    ...more,
  }
}

/** The 28 lessons of the curriculum, each 10 minutes. */
export function curriculum(): readonly LessonSummary[] {
  const names =
    'events list-store replay streams stream-store publisher concurrency projections rebuild consumer-groups recovery idempotency live-processor snapshots cqrs orders order-process blog blog-snapshots blog-authors time-travel schema-evolution retention durability monitoring erasure cluster event-store'
  return names
    .split(' ')
    .map((name, index) =>
      summary(`${String(index + 1).padStart(2, '0')}-${name}`, { title: name, minutes: 10 }),
    )
}
