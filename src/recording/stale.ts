import type { Effect } from './effects.ts'
import { nameOf, touches } from './touches.ts'
import type { Collision, CommandStep } from './types.ts'

/** What happened while the check held a lane back, between two of its commands. */
interface Gap {
  /** What the lane looked at before. */
  readonly looks: readonly Effect[]
  /** What others changed meanwhile. */
  readonly changes: readonly Effect[]
  /** What the lane did after that. */
  readonly after: readonly Effect[]
  /** Keys that the lane had written before. */
  readonly written: ReadonlySet<string>
}

/**
 * A lane looked at a key, another changed it, and then the first one wrote. Where the check held a lane back, the gap
 * is known; otherwise only a write to that very key counts. A write that was refused is the last resort.
 */
export function stale(commands: readonly CommandStep[], effects: readonly Effect[]): Collision | undefined {
  const gaps = commands.filter(isFirstHeld(commands)).map((held) => gapBefore(held, commands, effects))
  const isSteered = commands.some(({ held }) => held !== undefined)
  const found = isSteered ? gaps.flatMap(staleAfter) : effects.flatMap((write) => staleWrite(write, effects))
  // What a write was refused for is the last thing that changed before it.
  const refusals = found.toSorted((a, b) => (b.changed ?? 0) - (a.changed ?? 0))
  return found.find(({ refused }) => refused === undefined) ?? refusals[0] ?? gaps.flatMap(tornBy)[0]
}

/** Of commands held one after the other, the first was held where the check stepped in. */
function isFirstHeld(commands: readonly CommandStep[]) {
  return (step: CommandStep): boolean =>
    step.held !== undefined &&
    commands.findLast(({ lane, n }) => lane === step.lane && n < step.n)?.held === undefined
}

function gapBefore(held: CommandStep, commands: readonly CommandStep[], effects: readonly Effect[]): Gap {
  const from = commands.findLast(({ lane, n }) => lane === held.lane && n < held.n)?.n ?? 0
  const own = effects.filter(({ lane }) => lane === held.lane)
  return {
    looks: own.filter(({ n, looked }) => n <= from && looked.size > 0),
    changes: effects.filter(
      ({ lane, n, wrote, isRefused }) =>
        lane !== held.lane && n > from && n < held.n && wrote.size > 0 && !isRefused,
    ),
    after: own.filter(({ n }) => n >= held.n),
    written: new Set(own.filter(({ n }) => n <= from).flatMap(({ wrote }) => [...wrote])),
  }
}

/** A write to the key itself tells more than one to another key, and a change more than what may have been only a look. */
function staleAfter(gap: Gap): readonly Collision[] {
  const { looks, changes, after, written } = gap
  const writes = after.filter(({ wrote }) => wrote.size > 0)
  const found = changes.flatMap((change) =>
    [...change.wrote].flatMap((key) => {
      const look = lookBefore(change, looks, key)
      const first =
        writes.find(({ wrote }) => wrote.has(key)) ?? writes.find((one) => !isRelease(one, written))
      const write = (first?.isRefused && wroteAnyway(first, key, gap)) || first
      if (write === undefined || isAboutOthers(write, change)) return []
      const isOwn = write.wrote.has(key)
      // A script looks for itself; and a write to another key that was refused has a cause of its own.
      if (write.isRefused ? !isOwn : look === undefined) return []
      return [{ ...staleCollision(key, look, change, write), isOwn, isSure: !change.looked.has(key) }]
    }),
  )
  return found.toSorted((a, b) => rank(a) - rank(b)).map(({ isOwn, isSure, ...collision }) => collision)
}

function rank({ isOwn, isSure }: { readonly isOwn: boolean; readonly isSure: boolean }): number {
  return (isOwn ? 0 : 2) + (isSure ? 0 : 1)
}

/**
 * One write to the key was refused, but an old decision was written all the same: to the key, without another look at
 * it, or before that to a key that the other client had written, too.
 */
function wroteAnyway(refused: Effect, key: string, { looks, changes, after }: Gap): Effect | undefined {
  const written = after.filter(({ wrote, isRefused }) => wrote.size > 0 && !isRefused)
  const again = written.find(({ n, wrote }) => n > refused.n && wrote.has(key))
  const hasDecided = looks.some((look) => look.looked.has(key) && isDecidable(look))
  const isOld =
    again !== undefined && (isWithEventsOf(refused, again) || (hasDecided && isButForVersion(refused, again)))
  const isNew = isOld ? isDecidable : () => true
  const hasLooked = after.some((look) => look.looked.has(key) && look.n < (again?.n ?? 0) && isNew(look))
  if (again !== undefined && !hasLooked) return again
  return written.find(
    ({ n, wrote }) =>
      n < refused.n && changes.some((change) => [...wrote].some((one) => change.wrote.has(one))),
  )
}

/** Both sent the very same events, IDs included, and nothing else as JSON, so nothing was decided again. */
function isWithEventsOf({ parts }: Effect, { parts: others }: Effect): boolean {
  const [sent, again] = [jsonIn(parts), jsonIn(others)]
  return again.some((s) => s.includes('"eventId"')) && again.every((s) => sent.includes(s))
}

/** Both sent the same values as JSON, and differ in one number: the version. */
function isButForVersion({ parts }: Effect, { parts: others }: Effect): boolean {
  const [sent, again] = [parts, others].map((some) => some.flatMap(({ args }) => args.map(({ s }) => s)))
  if (sent === undefined || again === undefined || sent.length !== again.length) return false
  const differing = again.filter((s, index) => s !== sent[index])
  return jsonIn(others).length > 0 && differing.length === 1 && /^\d+$/.test(differing[0] ?? '')
}

function jsonIn(parts: readonly CommandStep[]): readonly string[] {
  return parts.flatMap(({ args }) => args.map(({ s }) => s).filter((s) => s.startsWith('{"')))
}

/** A version alone, or the reply of a script that refused, says nothing about the events. */
function isDecidable({ parts, isRefused }: Effect): boolean {
  return !isRefused && !parts.every(tellsVersion)
}

function tellsVersion(part: CommandStep): boolean {
  const name = nameOf(part)
  return /^(WATCH|XLEN|XINFO|LLEN|GET)$/.test(name) || (name === 'XREVRANGE' && part.args.at(-1)?.s === '1')
}

/** It only deletes what the client had written itself: a lock. */
function isRelease({ parts, wrote }: Effect, own: ReadonlySet<string>): boolean {
  return parts.every((part) => /^(DEL|UNLINK)$/.test(nameOf(part))) && [...wrote].every((key) => own.has(key))
}

function staleWrite(write: Effect, effects: readonly Effect[]): readonly Collision[] {
  const { n, lane, wrote } = write
  const before = effects.filter((other) => other.n < n && !other.about)
  return [...wrote].flatMap((key) => {
    if (lane === undefined) return []
    const looks = looksSinceWrite(before, key, write)
    const change = before.find((other) => {
      if (other.lane === lane || !other.wrote.has(key) || other.isRefused) return false
      const look = lookBefore(other, looks, key)
      return look !== undefined && look.n < other.n && !isAboutOthers(write, other)
    })
    if (change === undefined) return []
    return [staleCollision(key, lookBefore(change, looks, key), change, write)]
  })
}

/** A lane's looks at a key since its own last write to it, on which this one may be based. */
function looksSinceWrite(before: readonly Effect[], key: string, write: Effect): readonly Effect[] {
  const own = before.filter(({ lane }) => lane === write.lane)
  const writes = own.filter(({ wrote }) => wrote.has(key))
  const done = writes.findLastIndex(({ isRefused }) => !isRefused)
  const refused = writes.slice(done + 1).findLast((one) => isWithEventsOf(one, write))
  const last = (refused === undefined ? writes.at(-1) : writes[done])?.n ?? 0
  const looks = own.filter(({ n, looked }) => n >= last && looked.has(key))
  if (refused === undefined) return looks
  // The same code may have looked again, on another connection.
  const hasDecidedAgain = before.some(
    (one) => one.lane !== undefined && one.n > refused.n && one.looked.has(key) && isDecidable(one),
  )
  return hasDecidedAgain ? [] : looks.filter(isDecidable)
}

/** A claim that got nothing may have had many causes; a change is one only if it was about one of the entries. */
function isAboutOthers(write: Effect, { parts }: Effect): boolean {
  const [claim] = write.parts
  if (!write.isRefused || claim?.reply?.s !== '(empty array)') return false
  const ids = claim.args.map(({ s }) => s).filter((s) => /^\d+-\d+$/.test(s))
  return !parts.some(({ args, reply }) =>
    ids.some((id) => args.some(({ s }) => s === id) || reply?.s.includes(`"${id}"`)),
  )
}

/** The last look at what the change is about. */
function lookBefore(change: Effect, looks: readonly Effect[], key: string): Effect | undefined {
  return looks.findLast((look) => look.looked.has(key) && !isApart(look, change, key))
}

/** Commands that look at the members or fields that they name, and at nothing else in the key. */
const LOOKS_AT_PARTS = /^(SISMEMBER|SMISMEMBER|HGET|HMGET|HEXISTS|HSTRLEN|ZSCORE|ZMSCORE)$/
const CHANGES_PARTS = /^(SADD|SREM|HSET|HSETNX|HMSET|HDEL|HINCRBY|HINCRBYFLOAT|ZADD|ZREM|ZINCRBY)$/

/** Whether one looked at other members or fields of the key than the other changed, as far as the commands tell. */
function isApart(look: Effect, change: Effect, key: string): boolean {
  const about = ({ parts }: Effect) =>
    parts.filter((part) => touches(part).some((touch) => touch.key === key))
  const [looks, changes] = [about(look), about(change)]
  const tell = (parts: readonly CommandStep[], names: RegExp) =>
    parts.length > 0 && parts.every((part) => names.test(nameOf(part)))
  if (!tell(looks, LOOKS_AT_PARTS) || !tell(changes, CHANGES_PARTS)) return false
  const named = new Set(changes.flatMap(({ args }) => args.slice(2).map(({ s }) => s)))
  return looks.every(({ args }) => args.slice(2).every(({ s }) => !named.has(s)))
}

function staleCollision(key: string, look: Effect | undefined, change: Effect, write: Effect): Collision {
  return {
    kind: 'stale',
    key,
    ...(look && { looked: look.n }),
    changed: change.n,
    wrote: write.n,
    ...(write.isRefused && { refused: true }),
  }
}

/** The lane wrote nothing, but what it read before the gap and after it doesn't belong together. */
function tornBy({ looks, changes, after }: Gap): readonly Collision[] {
  return changes.flatMap((change) =>
    [...change.wrote].flatMap((key): readonly Collision[] => {
      const look = lookBefore(change, looks, key)
      const again = after.find(({ looked }) =>
        changes.some(({ wrote }) => [...looked].some((one) => wrote.has(one))),
      )
      if (look === undefined || again === undefined) return []
      return [{ kind: 'torn', key, looked: look.n, changed: change.n, again: again.n }]
    }),
  )
}
