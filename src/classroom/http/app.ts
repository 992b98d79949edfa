import { Hono } from 'hono'
import type { Hub } from '../hub/hub.ts'
import { problem, Refusal } from './answers.ts'
import { Guesses, onlyOwnPages, onlyThisMachine, smallBodies } from './guards.ts'
import { addInstructorRoutes } from './instructor-routes.ts'
import { addLearnerRoutes } from './learner-routes.ts'

export interface ClassAppOptions {
  readonly hub: Hub
  /** Where the hub listens, if that's on loopback. */
  readonly loopback?: string | undefined
  readonly now?: () => Date
  /** For tests of how clients that ask too often, or guess, are slowed down, in milliseconds. */
  readonly elapsed?: () => number
  /** Adds the instructor's pages; the API is below /api. */
  readonly addPages?: (app: Hono, hub: Hub) => void
}

/** Everything a hub serves; see api.ts. */
export function classApp(options: ClassAppOptions): Hono {
  const { hub, loopback, now = () => new Date(), elapsed, addPages } = options
  const app = new Hono()
  const guesses = new Guesses(elapsed)
  if (loopback !== undefined) app.use(onlyThisMachine(loopback))
  app.use(onlyOwnPages)
  app.use(smallBodies)
  app.use('/api/*', async (context, next) => {
    await next()
    context.header('cache-control', 'no-store')
    context.header('x-content-type-options', 'nosniff')
  })
  addLearnerRoutes(app, hub, guesses, { now, elapsed })
  addInstructorRoutes(app, hub, guesses, now)
  addPages?.(app, hub)
  app.notFound((context) => problem(context, 404, "There's nothing at this address."))
  app.onError((error, context) => {
    if (error instanceof Refusal) return problem(context, error.status, error.message, error.wait)
    if (error.name === 'ClassError') return problem(context, 403, error.message)
    // Senders will retry; the hub itself is fine.
    return problem(context, 503, "The class's Redis doesn't answer. Nothing is lost: it will be sent again.")
  })
  return app
}
