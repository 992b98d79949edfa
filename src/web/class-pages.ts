import type { Context, Hono } from 'hono'
import { getCookie } from 'hono/cookie'
import { type Assets, serveAssets } from './assets.ts'
import { type ClassView, classPage, welcomePage } from './pages/class-page.ts'
import { themeOf } from './pages/layout.ts'

/** Names of what these pages load, for `bundleAssets`. */
export const classAssets = { client: ['class.tsx'], styles: ['class.css'] } as const

export interface ClassPagesOptions {
  readonly assets: Assets
  /** Of the class. */
  name(): Promise<string>
  isInstructor(context: Context): boolean | Promise<boolean>
  /** The address to join at as a QR code, an SVG. */
  joinCode(context: Context): string | Promise<string>
}

/** The pages of a class on the hub's own server: one for everybody, the others for who has the instructor's secret. */
export function addClassPages(app: Hono, { assets, name, isInstructor, joinCode }: ClassPagesOptions): void {
  serveAssets(app, assets)

  app.get('/', async (context) => context.html(welcomePage(await name(), themeIn(context))))

  app.get('/instructor', (context) => show(context, 'dashboard'))
  app.get('/instructor/projector', (context) => show(context, 'projector'))
  app.get('/instructor/participants/:id', (context) =>
    show(context, 'participant', context.req.param('id') ?? ''),
  )
  app.get('/instructor/join.svg', async (context) => {
    if (!(await isInstructor(context))) return context.text('Log in first.', 401)
    return context.body(await joinCode(context), 200, { 'content-type': 'image/svg+xml' })
  })

  /** Whoever has no cookie gets the same address with a form, and the page itself after it. */
  async function show(context: Context, view: ClassView, participant?: string) {
    const options = { title: await name(), theme: themeIn(context), ...(participant && { participant }) }
    if (await isInstructor(context)) return context.html(classPage({ ...options, view }))
    return context.html(classPage({ ...options, view: 'login' }), 401)
  }
}

function themeIn(context: Context) {
  return themeOf(getCookie(context, 'theme'))
}
