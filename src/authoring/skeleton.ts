interface NewLessonText {
  readonly slug: string
  readonly title: string
  readonly chapter: string
}

/** The files of a lesson that runs from the first minute: one task, and TODO wherever the author has to write. */
export function skeleton({ slug, title, chapter }: NewLessonText) {
  return {
    lesson: lesson(title, chapter),
    starter: `// Lesson ${slug.slice(0, 2)}: ${title}. Read lessons/${slug}.md.
${signature('_redis', '_name')} {
  throw new Error('Not written yet: greet')
}
`,
    solution: `// TODO the model solution
${signature('redis', 'name')} {
  await redis.set(\`greeting:\${name}\`, \`Hello, \${name}!\`)
}
`,
    suite: suite(slug),
    rightAnswer: `// TODO another right answer, written in a really different way; then a second one
${signature('redis', 'name')} {
  await redis.mset({ [\`greeting:\${name}\`]: ['Hello, ', name, '!'].join('') })
}
`,
    mistakes: `# Mistakes in ${slug}

## forgets-the-name
- task: greet
- says: does not greet by name

\`\`\`diff
-  await redis.set(\`greeting:\${name}\`, \`Hello, \${name}!\`)
+  // TODO a mistake that people really make; then four more, each with its own diagnosis
+  await redis.set(\`greeting:\${name}\`, 'Hello!')
\`\`\`
`,
  }
}

function signature(redis: string, name: string): string {
  return `import type { Redis } from 'ioredis'

export async function greet(${redis}: Redis, ${name}: string): Promise<void>`
}

function suite(slug: string): string {
  return `import { describe, test } from 'vitest'
import { call, useSandbox, verifyEqual } from '#kit'
import { greet } from '#lesson/${slug}'

const box = useSandbox()

// TODO one describe for each task, with the task's name as its title; from the basic to the subtle
describe('greet', () => {
  test('greets by name', async () => {
    await call('greet', () => greet(box.redis, 'Ada'))
    verifyEqual(
      await box.admin.get('greeting:Ada'),
      'Hello, Ada!',
      'greet does not greet by name: the key greeting:Ada should contain "Hello, Ada!", so that a reader knows who it means.',
    )
  })
})
`
}

function lesson(title: string, chapter: string): string {
  return `---
title: ${JSON.stringify(title)}
chapter: ${JSON.stringify(chapter)}
minutes: 20
learned: TODO what a learner who passed it knows, in a sentence.
after: []
exports: [greet]
---
# ${title}

TODO start with a problem that the reader has met, in two or three sentences.

\`\`\`redis
> SET greeting:Ada "Hello, Ada!"
OK
\`\`\`

TODO explain what the tasks need, 900 to 1,600 words in all. Every block marked \`redis\` or \`ts run\` runs, and
its output is compared.

## Task 1 · greet

TODO name the keys, the fields, and the full signature, so that an answer can be written from this text alone:

\`\`\`ts
export async function greet(redis: Redis, name: string): Promise<void>
\`\`\`

### Hints
1. TODO a vague one.
2. TODO one that names the command.
3. TODO one that is nearly the code.

## Quiz

### TODO a question in one sentence?
- [ ] TODO a wrong answer
  TODO why it's wrong.
- [x] TODO the right answer
  TODO why.

## In production

- TODO what matters when this runs for years.

## Read next

- TODO [the documentation of the command](https://redis.io/docs/latest/commands/set/).
`
}
