import type { Context, Hono } from 'hono'
import type { StoredEvent } from '../../progress/index.ts'
import { type ClassView, type Done, type Hello, type Joined, paths } from '../api.ts'
import type { Hub } from '../hub/hub.ts'
import { isSame, learnerOf, readCode, tokenFor } from '../hub/secrets.ts'
import type { TimedEvent } from '../hub/store.ts'
import { limits } from '../limits.ts'
import { plainName } from '../projections/names.ts'
import * as wire from '../wire.ts'
import { bearerOf, bodyOf, Refusal } from './answers.ts'
import { Buckets } from './bucket.ts'
import { type Guesses, seconds } from './guards.ts'

const done: Done = { kind: 'done' }

/** Joining, and what participants send and see. Each can act only as themselves, as shown by the token. */
export function addLearnerRoutes(
  app: Hono,
  hub: Hub,
  guesses: Guesses,
  { now, elapsed }: { readonly now: () => Date; readonly elapsed: (() => number) | undefined },
): void {
  const paces = new Buckets({ burst: limits.burst, perSecond: limits.perSecond }, elapsed)

  app.get(paths.hello, (context) => {
    const { id, name } = hub.about
    const hello: Hello = { kind: 'hello', class: { id, name } }
    return context.json(hello)
  })

  app.post(paths.join, async (context) => {
    const { code = '', name, share } = await bodyOf(context, wire.join)
    assertOpen(hub)
    const known = knownBy(context, hub, guesses)
    if (known === undefined) {
      guesses.assertMayTry(context)
      if (!isSame(readCode(code), hub.about.joinCode)) guesses.wrong(context, "That isn't the join code.")
    }
    const plain = plainName(name)
    if (plain === '') throw new Refusal(400, 'A name with visible characters is needed.')
    const learner = await hub.store.join(plain, share, known)
    await hub.seen(learner)
    const { id, name: className, key } = hub.about
    const reply: Joined = {
      kind: 'joined',
      class: { id, name: className },
      learner,
      label: hub.view(learner)?.label ?? plain,
      token: tokenFor(key, learner),
    }
    return context.json(reply)
  })

  app.post(paths.events, async (context) => {
    const learner = participant(context)
    const { logId, after, events, now: theirs } = await bodyOf(context, wire.sendEvents)
    assertOpen(hub)
    const timed = onOurClock(events as readonly StoredEvent[], Date.parse(theirs), now())
    return context.json(await hub.store.receive(learner, logId, after, timed))
  })

  app.post(paths.code, async (context) => {
    const learner = participant(context)
    const { eventId, code } = await bodyOf(context, wire.sendCode)
    assertOpen(hub)
    await hub.store.keepCode(learner, eventId, code)
    return context.json(done)
  })

  app.post(paths.share, async (context) => {
    const learner = participant(context)
    await hub.store.setShare(learner, (await bodyOf(context, wire.share)).share)
    return context.json(done)
  })

  app.post(paths.leave, async (context) => {
    await hub.store.forget(participant(context))
    return context.json(done)
  })

  app.get(paths.view, async (context) => {
    const learner = participant(context)
    const view = hub.view(learner)
    if (view === undefined) throw new Refusal(404, "You're no longer in this class.")
    const logs = Object.fromEntries((await hub.store.headOf(learner)).map(({ logId, n }) => [logId, n]))
    return context.json({ ...view, logs } satisfies ClassView)
  })

  /** The sender, by the token. */
  function participant(context: Context): string {
    const learner = knownBy(context, hub, guesses)
    if (learner === undefined) throw new Refusal(401, 'Join the class first.')
    const wait = paces.wait(learner)
    if (wait > 0) throw new Refusal(429, `Too many requests. Wait ${seconds(wait)}.`, wait)
    paces.take(learner)
    return learner
  }
}

function knownBy(context: Context, hub: Hub, guesses: Guesses): string | undefined {
  const token = bearerOf(context)
  if (token === undefined) return undefined
  const learner = learnerOf(hub.about.key, token)
  if (learner !== undefined) return learner
  guesses.assertMayTry(context)
  return guesses.wrong(context, "That token isn't from this class. Join it again.")
}

function assertOpen(hub: Hub): void {
  if (hub.isClosed) throw new Refusal(410, 'The class is closed.')
}

/** A learner's clock may be wrong by minutes, but its intervals are right. Nothing is in the future. */
function onOurClock(events: readonly StoredEvent[], theirs: number, now: Date): readonly TimedEvent[] {
  return events.map((event) => {
    const ago = Math.max(0, theirs - Date.parse(event.timestamp))
    return { event, at: new Date(now.getTime() - ago).toISOString() }
  })
}
