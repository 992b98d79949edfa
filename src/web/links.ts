import type { Course } from '../course/index.ts'
import type { HtmlOptions } from './markdown-html.ts'
import { pictureOf } from './pictures.ts'

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
