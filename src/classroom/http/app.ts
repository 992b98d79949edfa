import { Hono } from 'hono'
import { compress } from 'hono/compress'
import { paths } from '../api.ts'
import { ClassFullError } from '../errors.ts'
import type { Hub } from '../hub/hub.ts'
import { isOutOfMemory, messagesOf } from '../hub/redis-errors.ts'
import { problem } from './answers.ts'
import { onlyOwnPages, onlyThisMachine, smallBodies } from './guards.ts'
import { Guesses, type GuessesOptions } from './guesses.ts'
import { addInstructorRoutes } from './instructor-routes.ts'
import { addLearnerRoutes } from './learner-routes.ts'
import { Refusal } from './refusal.ts'
import type { Tickets } from './tickets.ts'

export interface ClassAppOptions extends GuessesOptions {
  readonly hub: Hub
  /** Where the hub listens, if that's on loopback. */
  readonly loopback?: string | undefined
  readonly now?: () => Date
  /** Adds the instructor's pages; the API is below /api. */
  readonly addPages?: (app: Hono, hub: Hub) => void
  /** Log the instructor's own browser in. */
  readonly tickets?: Tickets
  /** Hears of errors that are the hub's own, and nobody else's. */
  readonly onError?: (error: Error) => void
}

/** Everything a hub serves; see api.ts. */
export function classApp(options: ClassAppOptions): Hono {
  const {
    hub,
    loopback,
    now = () => new Date(),
    elapsed,
    pause,
    addPages,
    tickets,
    onError = () => {},
  } = options
  const app = new Hono()
  const guesses = new Guesses({ elapsed, pause })
  if (loopback !== undefined) app.use(onlyThisMachine(loopback))
  app.use(onlyOwnPages)
  app.use(smallBodies)
  app.use('/api/*', async (context, next) => {
    await next()
    context.header('cache-control', 'no-store')
    context.header('x-content-type-options', 'nosniff')
  })
  for (const pages of ['/', '/instructor', '/instructor/*', paths.overview, `${paths.participant}*`]) {
    app.use(pages, compress())
  }
  addLearnerRoutes(app, hub, guesses, { now, elapsed })
  addInstructorRoutes(app, hub, guesses, tickets)
  addPages?.(app, hub)
  app.notFound((context) => problem(context, 404, "There's nothing at this address."))
  app.onError((error, context) => {
    if (error instanceof Refusal) return problem(context, error.status, error.message, error.wait)
    if (error.name === 'ClassError') return problem(context, 403, error.message)
    const cause = ofRedis(error)
    if (cause instanceof ClassFullError) {
      // One learner's limit, a refused join, and the instructor's own command don't stop what learners send.
      if (cause.what === 'class' || cause.what === 'redis') hub.refusedForLackOfRoom()
      return problem(context, 507, cause.message, FULL_WAIT)
    }
    if (cause !== undefined) return problem(context, 503, cause)
    onError(error)
    return problem(context, 500, "The hub couldn't do that, because of an internal error.")
  })
  return app
}

/** After how long a sender may try a full class again (s). */
const FULL_WAIT = 30

/** That the class is full, or what its Redis has refused, as a sentence; undefined for an error that isn't of Redis. */
function ofRedis(error: Error): ClassFullError | string | undefined {
  if (error instanceof ClassFullError) return error
  const all = messagesOf(error)
  const says = (pattern: RegExp) => all.some((message) => pattern.test(message))
  if (isOutOfMemory(error)) return new ClassFullError('redis')
  if (says(/\bMISCONF\b/))
    return "The class's Redis can't write to its disk. Nothing is lost: it will be sent again."
  const isOfRedis = /^(ReplyError|MaxRetriesPerRequestError|ClusterAllFailedError|AbortError)$/.test(
    error.name,
  )
  if (!isOfRedis && !says(/Command timed out|Connection is closed|ECONN|EPIPE/)) return undefined
  return "The class's Redis doesn't answer. Nothing is lost: it will be sent again."
}
