import type { Context, Hono } from 'hono'
import { renderSVG } from 'uqr'
import { isInstructor } from '../classroom/http/instructor-routes.ts'
import type { Hub } from '../classroom/hub/hub.ts'
import { bundleAssets, classAssets, serveAssets } from './assets.ts'
import { classPage, welcomePage } from './pages/class-page.ts'
import type { ClassView } from './protocol.ts'
import { strictPages } from './security.ts'
import { themeIn } from './theme.ts'

/**
 * The pages of a class for the hub's own server, as `classApp` adds them: one for everyone, the others for anyone
 * with the instructor's secret. Scripts and styles are bundled once, before the first page is requested.
 */
export async function pagesOfClass(): Promise<(app: Hono, hub: Hub) => void> {
  const assets = await bundleAssets(classAssets)
  return (app, hub) => {
    for (const pages of ['/', '/assets/*', '/instructor', '/instructor/*']) app.use(pages, strictPages())
    serveAssets(app, assets)
    app.get('/', (context) => context.html(welcomePage(hub.classInfo.name, hub.isClosed, themeIn(context))))
    app.get('/instructor', (context) => show(context, hub, 'dashboard'))
    app.get('/instructor/projector', (context) => show(context, hub, 'projector'))
    app.get('/instructor/participants/:id', (context) => show(context, hub, 'participant'))
    app.get('/instructor/join.svg', (context) => {
      const { addresses, joinCode } = hub.overview()
      const [address] = addresses
      if (address === undefined || hub.isClosed || !isInstructor(context, hub))
        return context.text("There's nothing here.", 404)
      return context.body(renderSVG(`${address}/#${joinCode}`), 200, { 'content-type': 'image/svg+xml' })
    })
  }
}

/** Anyone who isn't logged in gets a form at the same address, and the page itself afterward. */
function show(context: Context, hub: Hub, view: ClassView) {
  const options = {
    title: hub.classInfo.name,
    theme: themeIn(context),
    participant: context.req.param('id') ?? '',
  }
  if (isInstructor(context, hub)) return context.html(classPage({ ...options, view }))
  return context.html(classPage({ ...options, view: 'login' }), 401)
}
