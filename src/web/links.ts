import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Hono } from 'hono'
import type { Course } from '../course/index.ts'
import type { HtmlOptions } from './markdown-html.ts'

/** Links between lessons lead to their pages, web links stay; anything else is only text here. */
export function linksOf(course: Course, slug: string): HtmlOptions {
  return {
    link(href) {
      if (/^https?:\/\//.test(href) || href.startsWith('#')) return href
      const [, name, part = ''] = /^(?:\.\/)?([\w-]+)\.md(#.*)?$/.exec(href) ?? []
      if (name === 'GLOSSARY') return `/glossary${part}`
      return course.lessons.some((lesson) => lesson.slug === name) ? `/lessons/${name}${part}` : undefined
    },
    picture: (source) => (source === pictureOf(slug) ? `/pictures/${source}` : undefined),
    runAddress: (number) => `/lessons/${slug}/snippets/${number}/run`,
  }
}

/** A lesson may have one picture, in a file next to it. */
function pictureOf(slug: string): string {
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
