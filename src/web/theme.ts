import type { Context } from 'hono'
import { getCookie } from 'hono/cookie'

/** What the reader has chosen; undefined follows the system. */
export type Theme = 'dark' | 'light' | undefined

/** The theme in the page's cookie: a port is new at every start, and only cookies are kept for all of them. */
export function themeIn(context: Context): Theme {
  const cookie = getCookie(context, 'theme')
  return cookie === 'dark' || cookie === 'light' ? cookie : undefined
}
