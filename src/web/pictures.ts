import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Hono } from 'hono'
import type { Course } from '../course/index.ts'

/** A lesson may have one picture, in a file next to it. */
export function pictureOf(slug: string): string {
  return `${slug}.svg`
}

export function servePictures(app: Hono, { root, lessons }: Course): void {
  app.get('/pictures/:name', async (context) => {
    const name = context.req.param('name')
    if (!lessons.some(({ slug }) => pictureOf(slug) === name)) return context.notFound()
    const picture = await readFile(path.join(root, 'lessons', name), 'utf8').catch(() => undefined)
    if (picture === undefined) return context.notFound()
    return context.body(picture, 200, { 'content-type': 'image/svg+xml', 'cache-control': 'no-cache' })
  })
}
