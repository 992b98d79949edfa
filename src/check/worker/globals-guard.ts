import { EventEmitter } from 'node:events'
import net from 'node:net'
import { Redis } from 'ioredis'

/**
 * What every answer shares with the tests and their libraries. An answer that changes it changes what the tests see.
 */
const SHARED: readonly (readonly [string, object])[] = [
  ['', globalThis],
  ['Object', Object],
  ['Object.prototype', Object.prototype],
  ['Function.prototype', Function.prototype],
  ['Array', Array],
  ['Array.prototype', Array.prototype],
  ['String.prototype', String.prototype],
  ['Number', Number],
  ['Promise', Promise],
  ['Promise.prototype', Promise.prototype],
  ['RegExp.prototype', RegExp.prototype],
  ['Map.prototype', Map.prototype],
  ['Set.prototype', Set.prototype],
  ['WeakMap.prototype', WeakMap.prototype],
  ['WeakSet.prototype', WeakSet.prototype],
  ['Error.prototype', Error.prototype],
  ['Date', Date],
  ['Date.prototype', Date.prototype],
  ['JSON', JSON],
  ['Math', Math],
  ['Reflect', Reflect],
  ['Symbol', Symbol],
  ['Buffer', Buffer],
  ['Buffer.prototype', Buffer.prototype],
  ['process', process],
  ['EventEmitter.prototype', EventEmitter.prototype],
  ['net.Socket.prototype', net.Socket.prototype],
  ['Redis', Redis],
  ['Redis.prototype', Redis.prototype],
  ['Redis.prototype', Object.getPrototypeOf(Redis.prototype)],
]

interface Held {
  readonly path: string
  readonly owner: object
  readonly keys: ReadonlyMap<PropertyKey, unknown>
  readonly count: number
}

const { ownKeys, getOwnPropertyDescriptor } = Reflect
const same = Object.is
/** Bound before any answer is loaded, so that a changed `Map.prototype` is seen and not used. */
const has = Function.prototype.call.bind(Map.prototype.has) as (
  map: Held['keys'],
  key: PropertyKey,
) => boolean
const get = Function.prototype.call.bind(Map.prototype.get) as (
  map: Held['keys'],
  key: PropertyKey,
) => unknown

/** Remembers the shared things as they are now; the returned function names the first that has changed since. */
export function watchShared(): () => string | undefined {
  const held: Held[] = []
  for (const [path, owner] of SHARED) {
    const keys = valuesOf(owner)
    held.push({ path, owner, keys, count: keys.size })
  }
  return () => firstChange(held)
}

/** Getters are compared as functions and not called, because some have side effects. */
function valuesOf(owner: object): Map<PropertyKey, unknown> {
  const values = new Map<PropertyKey, unknown>()
  for (const key of ownKeys(owner)) {
    // Node's lazy globals are getters that turn into values when they're first used.
    if (owner === globalThis && getOwnPropertyDescriptor(owner, key)?.get !== undefined) continue
    values.set(key, heldValue(owner, key))
  }
  return values
}

function heldValue(owner: object, key: PropertyKey): unknown {
  const descriptor = getOwnPropertyDescriptor(owner, key)
  if (descriptor === undefined) return undefined
  // Numbers and strings on `process` and the like change on their own; functions and objects don't.
  const value = 'value' in descriptor ? descriptor.value : descriptor.get
  return typeof value === 'function' ? value : typeof value
}

/** Written without iterators and array methods, because those may have been changed too. */
function firstChange(held: readonly Held[]): string | undefined {
  for (let i = 0; i < held.length; i += 1) {
    const { path, owner, keys, count } = held[i] as Held
    const now = ownKeys(owner)
    let kept = 0
    for (let k = 0; k < now.length; k += 1) {
      const key = now[k] as PropertyKey
      if (!has(keys, key)) {
        if (owner === globalThis || owner === process || typeof key === 'symbol') continue
        return name(path, key)
      }
      kept += 1
      if (!same(get(keys, key), heldValue(owner, key)) && !mayChange(path, key)) return name(path, key)
    }
    if (kept < count && owner !== process && owner !== globalThis) return `${path} (something was deleted)`
  }
  return undefined
}

/** `process` gains and loses plain data while it works; its functions stay. */
function mayChange(path: string, key: PropertyKey): boolean {
  return path === 'process' && (key === '_events' || key === 'domain' || key === 'exitCode')
}

function name(path: string, key: PropertyKey): string {
  return path === '' ? String(key) : `${path}.${String(key)}`
}
