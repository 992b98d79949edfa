import type { Context } from 'hono'
import { getCookie } from 'hono/cookie'

/** The reader's choice; undefined follows the system. */
export type Theme = 'dark' | 'light' | undefined

/** The theme in the page's cookie: the port is new at every start, and only cookies are shared by all of them. */
export function themeIn(context: Context): Theme {
  const cookie = getCookie(context, 'theme')
  return cookie === 'dark' || cookie === 'light' ? cookie : undefined
}
