import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { Context, MiddlewareHandler } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { html } from 'hono/html'
import { NONCE } from 'hono/secure-headers'
import { self } from '../../common/self.ts'
import { onlyByName, onlyChangesFrom } from '../../http/index.ts'
import { page } from '../pages/layout.ts'
import { strictPages } from '../security.ts'
import { themeIn } from '../theme.ts'

/** Lets in this user's browsers, and the programs that can read this user's files. */
export interface Access {
  /** A path that lets one browser in, once. */
  invitation(path: string): string
  /** For the program that's started a second time; it's kept in a file that only this user can read. */
  readonly ownerKey: string
  readonly origin: string | undefined
  readonly guards: readonly MiddlewareHandler[]
  /** Exchanges an invitation for a cookie. */
  enter(context: Context): Response | Promise<Response>
  /** Whether a request comes from another program that can read this user's files. */
  isOwner(context: Context): boolean
}

/** Maximum number of unused invitations; with more, the oldest one ends. */
const MOST_INVITATIONS = 20

/** `origin`: another address at which a browser may see the pages, such as a Codespace's `https://….app.github.dev`. */
export function newAccess(origin: string | undefined): Access {
  const invited = new Set<string>()
  const cookieKey = randomKey()
  const ownerKey = randomKey()
  const forwarded = origin === undefined ? undefined : new URL(origin)
  const names = ['127.0.0.1', 'localhost', ...(forwarded === undefined ? [] : [forwarded.hostname])]

  const isIn = (context: Context) => isSame(getCookie(context, cookieName(context)), cookieKey)

  const isOwner = (context: Context) => isSame(context.req.header('authorization'), `Bearer ${ownerKey}`)

  /** The page's own origin, even where a forwarder has changed the name of the host. */
  const onlyOwn = onlyChangesFrom(
    ({ host, origin: from, site = 'same-origin' }) =>
      site === 'same-origin' &&
      from !== undefined &&
      (from === `http://${host}` || from === forwarded?.origin),
    (context) => context.text('Only the pages of this server can do that.', 403),
  )

  const onlyInvited: MiddlewareHandler = async (context, next) => {
    const { path, method } = context.req
    // A page of another program on this machine is on the same site, so its requests have the cookie.
    const { 'sec-fetch-site': site = 'same-origin' } = context.req.header()
    if (path.startsWith('/workbench/') && site !== 'same-origin')
      return context.text('Only the pages of this server can do that.', 403)
    // The program's own files aren't a secret, and the page that keeps others out needs them.
    if (path === ENTRANCE || path === INVITING || path.startsWith('/assets/')) return next()
    if (isIn(context) || isOwner(context)) return next()
    if (method === 'GET' && !path.startsWith('/workbench/')) return context.html(closedPage(context), 401)
    return context.json({ kind: 'problem', sentence: closed() }, 401)
  }

  return {
    ownerKey,
    origin,
    invitation(path) {
      const ticket = randomKey()
      invited.add(ticket)
      for (const oldest of [...invited].slice(0, -MOST_INVITATIONS)) invited.delete(oldest)
      return `${ENTRANCE}?${new URLSearchParams({ ticket, to: path })}`
    },
    guards: [
      onlyByName(names, (context) => context.text('This server answers only at its own names.', 421)),
      onlyOwn,
      strictPages(NONCE), // for the editor's own styles
      onlyInvited,
    ],
    enter(context) {
      const { ticket = '', to = '/' } = context.req.query()
      const target = /^\/(?![/\\])[\w/#-]*$/.test(to) ? to : '/'
      if (invited.delete(ticket)) {
        const isForwarded = hostOf(context) === forwarded?.host
        setCookie(context, cookieName(context), cookieKey, {
          httpOnly: true,
          sameSite: 'Strict',
          path: '/',
          secure: isForwarded && forwarded?.protocol === 'https:',
        })
      } else if (!isIn(context)) return context.html(closedPage(context), 401)
      // After a click on another site's page, a redirect would arrive without the new cookie.
      if (context.req.header('sec-fetch-site') === 'cross-site') return context.html(passingPage(target))
      return context.redirect(target, 303)
    },
    isOwner,
  }
}

export const ENTRANCE = '/enter'
export const INVITING = '/workbench/invitation'

/** A function, because the command names the course if the learner named one. */
function closed(): string {
  return `Open the workbench with the address that ${self} open prints. Each address works once.`
}

/** Cookies are shared by all ports of a machine, so each server has its own name for them. */
function cookieName(context: Context): string {
  const port = /:(\d+)$/.exec(hostOf(context))?.[1] ?? 'forwarded'
  return `eventlings-workbench-${port}`
}

function hostOf(context: Context): string {
  return context.req.header('host') ?? ''
}

function closedPage(context: Context) {
  const body = html`<main id="main" class="index"><h1>This workbench is yours alone</h1>
<p>Open it with the address that <code>${self} open</code> prints. Each address works once, in one browser. To get
another one, run the command again.</p></main>`
  return page({
    title: 'eventlings',
    theme: themeIn(context),
    script: 'reader.js',
    style: 'reader.css',
    body,
  })
}

function passingPage(target: string) {
  return html`<!doctype html><html lang="en"><head><meta charset="utf-8"><title>eventlings</title>
<meta http-equiv="refresh" content="0;url=${target}"></head><body><p><a href="${target}">Continue</a></p></body></html>`
}

function randomKey(): string {
  return randomBytes(32).toString('base64url')
}

/** Takes as long for a wrong key as for the right one. */
function isSame(given: string | undefined, key: string): boolean {
  const [one, other] = [Buffer.from(given ?? ''), Buffer.from(key)]
  return one.length === other.length && timingSafeEqual(one, other)
}
