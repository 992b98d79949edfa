import { readdir } from 'node:fs/promises'
import path from 'node:path'
import type { Course } from '../course/index.ts'
import { error, type Finding } from './finding.ts'

/** Files in the course's folders that belong to no lesson: usually a mistyped name. */
export async function orphans({ root, lessons }: Course): Promise<readonly Finding[]> {
  const slugs = lessons.map(({ slug }) => slug)
  const named = (ending: string) => new Set(slugs.map((slug) => `${slug}${ending}`))
  // A text about the lessons has its own name; a file that looks like a lesson but isn't one was mistyped.
  const lessonsOr = (name: string) =>
    named('.md').has(name) || named('.svg').has(name) || /^[A-Z][A-Z-]*\.md$/.test(name)
  const rightAnswers = slugs.map((slug) =>
    strays(root, `test/right-answers/${slug}`, (name) => /^[a-z0-9-]+\.ts$/.test(name)),
  )
  const found = await Promise.all([
    strays(root, 'lessons', lessonsOr),
    strays(root, 'exercises', (name) => named('.ts').has(name)),
    strays(root, 'solutions', (name) => named('.ts').has(name)),
    strays(root, 'test/lessons', (name) => named('.test.ts').has(name)),
    strays(root, 'test/mistakes', (name) => named('.md').has(name) || named('.survivors.md').has(name)),
    strays(root, 'test/right-answers', (name) => slugs.includes(name)),
    ...rightAnswers,
  ])
  return found.flat()
}

async function strays(
  root: string,
  folder: string,
  belongs: (name: string) => boolean,
): Promise<readonly Finding[]> {
  const names = await readdir(path.join(root, folder)).catch(() => [])
  return names
    .filter((name) => !belongs(name))
    .sort()
    .map((name) => error('stray', `${folder}/${name}`, 'It belongs to no lesson. Rename it, or remove it.'))
}
