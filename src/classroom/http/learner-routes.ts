import type { Context, Hono } from 'hono'
import type { StoredEvent } from '../../progress/index.ts'
import { type ClassView, type Done, type Hello, type Joined, paths } from '../api.ts'
import type { Hub } from '../hub/hub.ts'
import type { TimedEvent } from '../hub/read.ts'
import { isSame, learnerOf, readCode, tokenFor } from '../hub/secrets.ts'
import { limits } from '../limits.ts'
import { plainName } from '../projections/names.ts'
import * as schemas from '../schemas.ts'
import { bearerOf, bodyOf, sizeOf } from './answers.ts'
import { Buckets } from './bucket.ts'
import { addressOf, seconds } from './guards.ts'
import type { Guesses } from './guesses.ts'
import { isInstructor } from './instructor-routes.ts'
import { assertRun } from './read-run.ts'
import { Refusal } from './refusal.ts'

const done: Done = { kind: 'done' }

/** Joining, and what participants send and see. Each can act only as themselves, as shown by the token. */
export function addLearnerRoutes(
  app: Hono,
  hub: Hub,
  guesses: Guesses,
  { now, elapsed }: { readonly now: () => Date; readonly elapsed: (() => number) | undefined },
): void {
  const requests = new Buckets(limits.requests, elapsed)
  const bytes = new Buckets(limits.bytes, elapsed)
  const runs = new Buckets(limits.runsOfOne, elapsed)
  const runsOfAll = new Buckets(limits.runsOfAll, elapsed)
  const changes = new Buckets(limits.changes, elapsed)
  const joins = new Buckets(limits.joins, elapsed)
  const joinsOfAll = new Buckets(limits.joinsOfAll, elapsed)

  app.get(paths.hello, (context) => {
    const { id, name } = hub.classInfo
    const hello: Hello = { kind: 'hello', class: { id, name } }
    return context.json(hello)
  })

  app.post(paths.join, async (context) => {
    const { code = '', name, share } = await bodyOf(context, schemas.join, limits.smallBody)
    const plain = plainName(name)
    if (plain === '') throw new Refusal(400, 'The name needs at least one visible character.')
    // Programs of the instructor (a rehearsal) let everyone in at once.
    const isOwn = isInstructor(context, hub)
    const known = isOwn ? undefined : await knownBy(context, hub, guesses)
    if (known === undefined && !isSame(readCode(code), hub.classInfo.joinCode)) {
      return guesses.wrong(addressOf(context), "That isn't the join code. Ask your instructor for it.")
    }
    assertOpen(hub)
    if (known === undefined && !isOwn) pace(context)
    const learner = await again(known, plain, share)
    await hub.seen(learner)
    const { id, name: className, key } = hub.classInfo
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
    const learner = await participant(context)
    use(bytes, learner, sizeOf(context))
    const { logId, after, events, now: theirs } = await bodyOf(context, schemas.sendEvents, limits.body)
    assertOpen(hub)
    const timed = onOurClock(events as readonly StoredEvent[], Date.parse(theirs), now())
    return context.json(await hub.store.receive(learner, logId, after, timed))
  })

  app.post(paths.code, async (context) => {
    const learner = await participant(context)
    use(bytes, learner, sizeOf(context))
    const { eventId, code } = await bodyOf(context, schemas.sendCode, limits.codeBody)
    assertOpen(hub)
    await hub.store.keepCode(learner, eventId, code)
    return context.json(done)
  })

  app.post(paths.run, async (context) => {
    const learner = await participant(context)
    use(bytes, learner, sizeOf(context))
    const { eventId, slug, run } = await bodyOf(context, schemas.sendRun, limits.runBody)
    assertOpen(hub)
    if (!hub.sharesCode(learner)) throw new Refusal(403, "You aren't sharing your code.")
    use(runs, learner)
    use(runsOfAll, '')
    await assertRun(Buffer.from(run, 'base64'), slug)
    await hub.store.keepRun(learner, eventId, run)
    return context.json(done)
  })

  app.post(paths.share, async (context) => {
    const learner = await participant(context)
    const { share } = await bodyOf(context, schemas.share, limits.smallBody)
    // Withdrawing always works: it's a promise.
    if (share) use(changes, learner)
    await hub.setShare(learner, share)
    return context.json(done)
  })

  app.post(paths.leave, async (context) => {
    const learner = await participant(context)
    await bodyOf(context, schemas.nothing, limits.smallBody)
    await hub.forget(learner)
    return context.json(done)
  })

  app.get(paths.view, async (context) => {
    const learner = await participant(context)
    const view = hub.view(learner)
    if (view === undefined) throw new Refusal(404, "You're no longer in this class.")
    const [[cursors = []], left] = await Promise.all([
      hub.store.cursorsOf([learner]),
      hub.store.leftOf(learner),
    ])
    const logs = Object.fromEntries(cursors.map(({ logId, n }) => [logId, n]))
    return context.json({ ...view, logs, left } satisfies ClassView)
  })

  /** The sender, by the token. */
  async function participant(context: Context): Promise<string> {
    const learner = await knownBy(context, hub, guesses)
    if (learner === undefined) throw new Refusal(401, 'Join the class first.')
    use(requests, learner)
    return learner
  }

  /** New participants come in one after the other, because thousands at once would be an attack. */
  function pace(context: Context): void {
    const address = addressOf(context)
    const wait = Math.max(joins.wait(address), joinsOfAll.wait(''))
    if (wait > 0) {
      throw new Refusal(429, `Many people are joining right now. Try again in ${seconds(wait)}.`, wait)
    }
    joins.take(address)
    joinsOfAll.take('')
  }

  /** A participant whom the class has under that name is in it already: nothing is written. */
  async function again(known: string | undefined, name: string, share: boolean): Promise<string> {
    if (known !== undefined && (await hub.store.isParticipant(known))) {
      if (hub.isAlready(known, name, share)) return known
      use(changes, known)
    }
    return hub.store.join(name, share, known)
  }
}

function use(budget: Buckets, sender: string, much = 1): void {
  const wait = budget.wait(sender, much)
  if (wait > 0) throw new Refusal(429, `Too many requests. Wait ${seconds(wait)}.`, wait)
  budget.take(sender, much)
}

async function knownBy(context: Context, hub: Hub, guesses: Guesses): Promise<string | undefined> {
  const token = bearerOf(context)
  if (token === undefined) return undefined
  const learner = learnerOf(hub.classInfo.key, token)
  if (learner !== undefined) return learner
  return guesses.wrong(addressOf(context), "That token isn't from this class. Join it again.")
}

function assertOpen(hub: Hub): void {
  if (hub.isClosed) throw new Refusal(410, 'The class is closed.')
}

/** What a learner did before that was in another life. */
const LONGEST_AGO = 366 * 24 * 60 * 60_000

/** A learner's clock may be wrong by minutes, but its intervals are right. Nothing is in the future. */
function onOurClock(events: readonly StoredEvent[], theirs: number, now: Date): readonly TimedEvent[] {
  return events.map((event) => {
    const ago = Math.min(LONGEST_AGO, Math.max(0, theirs - Date.parse(event.timestamp)))
    return { event, at: new Date(now.getTime() - ago).toISOString() }
  })
}
