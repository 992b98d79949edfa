import type { Context, Hono, MiddlewareHandler } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { hashOf } from '../../common/hash.ts'
import { type Done, paths } from '../api.ts'
import type { Hub } from '../hub/hub.ts'
import { isSame, sessionOf } from '../hub/secrets.ts'
import { limits } from '../limits.ts'
import * as schemas from '../schemas.ts'
import { bearerOf, bodyOf } from './answers.ts'
import { csvOf, linesOf } from './export.ts'
import { addressOf } from './guards.ts'
import type { Guesses } from './guesses.ts'
import { Refusal } from './refusal.ts'
import { streamChanges } from './stream.ts'
import type { Tickets } from './tickets.ts'

const done: Done = { kind: 'done' }
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** The cookie's name distinguishes classes that were open on one machine, because cookies ignore ports. */
export function cookieOf(hub: Hub): string {
  return `class-${hub.classInfo.id}`
}

/** Whether the instructor is asking: by cookie from a page, or by `Authorization: Bearer` from a program. */
export function isInstructor(context: Context, hub: Hub): boolean {
  const [secret, session] = [bearerOf(context), getCookie(context, cookieOf(hub))]
  if (secret !== undefined) return isSame(hashOf(secret), hub.classInfo.secretHash)
  return session !== undefined && isSame(session, sessionOf(hub.classInfo))
}

/** Wrong secrets are counted apart from wrong join codes: no class can slow down its own instructor. */
const LOGIN = 'login '

export function addInstructorRoutes(app: Hono, hub: Hub, guesses: Guesses, tickets?: Tickets): void {
  let streams = 0

  app.post(paths.login, async (context) => {
    const { secret: typed } = await bodyOf(context, schemas.login, limits.smallBody)
    const secret = tickets?.redeem(typed) ?? typed
    if (!isSame(hashOf(secret.trim()), hub.classInfo.secretHash)) {
      return guesses.wrong(LOGIN + addressOf(context), "That isn't the secret of this class.")
    }
    const options = { httpOnly: true, sameSite: 'Strict', path: '/' } as const
    setCookie(context, cookieOf(hub), sessionOf(hub.classInfo), options)
    return context.json(done)
  })

  app.post(paths.logout, (context) => {
    deleteCookie(context, cookieOf(hub), { path: '/' })
    return context.json(done)
  })

  const guard: MiddlewareHandler = async (context, next) => {
    if (isInstructor(context, hub)) return next()
    // A request without a secret isn't a guess: a page that isn't logged in isn't attacking.
    if (bearerOf(context) === undefined && getCookie(context, cookieOf(hub)) === undefined) {
      throw new Refusal(401, 'This page is for the instructor. Log in with the secret of the class.')
    }
    return guesses.wrong(LOGIN + addressOf(context), "That isn't this class's secret. Log in again.")
  }
  for (const path of [
    paths.overview,
    paths.stream,
    `${paths.participant}*`,
    paths.command,
    paths.export,
    paths.exportCsv,
  ])
    app.use(path, guard)

  app.get(paths.overview, (context) => context.json(hub.overview()))

  app.get(paths.stream, (context) => {
    if (streams >= limits.streams)
      throw new Refusal(429, 'Too many pages are following the class. Close some.', 5)
    streams += 1
    const ended = () => {
      streams -= 1
    }
    return streamChanges(context, hub, { isWanted: () => isInstructor(context, hub), ended })
  })

  app.get(`${paths.participant}:id`, async (context) => {
    const page = await hub.participant(uuidIn(context))
    if (page === undefined) throw new Refusal(404, "That learner doesn't exist.")
    return context.json(page)
  })

  app.get(`${paths.participant}:id/runs/:event`, async (context) => {
    const eventId = context.req.param('event')
    const run = uuid.test(eventId) ? await hub.run(uuidIn(context), eventId) : undefined
    if (run === undefined)
      throw new Refusal(404, "That attempt has no recording, or it isn't shared anymore.")
    // As it came; it was checked then.
    return context.body(new Uint8Array(run), 200, {
      'content-type': 'application/json',
      'content-encoding': 'gzip',
    })
  })

  app.get(paths.export, (context) => linesOf(context, hub))
  app.get(paths.exportCsv, (context) => csvOf(context, hub))

  app.post(paths.command, async (context) => {
    await hub.execute(await bodyOf(context, schemas.instructorCommand, limits.commandBody))
    return context.json(done)
  })
}

function uuidIn(context: Context): string {
  const id = context.req.param('id') ?? ''
  if (!uuid.test(id)) throw new Refusal(404, "That learner doesn't exist.")
  return id
}
