import { RedisCommandError, RedisSyntaxError } from 'js-redis-server/core'
import { reply } from './executor.mjs'

/** `COUNT n BLOCK ms STREAMS key … id …`, as far as XREAD and XREADGROUP share it; `isOption` reads the others. */
export function readStreams(words, name, isOption = () => false) {
  let count = 0
  let block
  while (!words.takes('STREAMS')) {
    if (words.left > 1 && words.takes('COUNT')) count = Math.max(0, words.integer())
    else if (words.left > 1 && words.takes('BLOCK')) block = readTimeout(words)
    else if (words.left === 0 || !isOption(words)) throw new RedisSyntaxError()
  }
  const rest = words.rest()
  if (rest.length === 0 || rest.length % 2 === 1) {
    throw new RedisCommandError(
      `Unbalanced ${name.toUpperCase()} list of streams: for each stream key an ID or '${name === 'xread' ? '$' : '>'}' must be specified.`,
    )
  }
  const half = rest.length / 2
  return { count, block, keys: rest.slice(0, half), ids: rest.slice(half) }
}

function readTimeout(words) {
  const timeout = words.integer('timeout is not an integer or out of range')
  if (timeout < 0) throw new RedisCommandError('timeout is negative')
  return timeout
}

/** Runs `read` again whenever one of the keys is written to, until it returns a reply or the time is up. */
export async function waitFor(keys, block, ctx, read) {
  const end = block === 0 ? undefined : Date.now() + block
  for (;;) {
    const timeoutMs = end === undefined ? undefined : end - Date.now()
    if (timeoutMs !== undefined && timeoutMs <= 0) return reply.nilArray()
    const woken = await waitForWrite(keys, timeoutMs, ctx)
    if (woken !== true) return reply.nilArray()
    const found = read()
    if (found !== undefined) return found
  }
}

export function blockedInScript(name) {
  return new RedisCommandError(`${name} command is not allowed with BLOCK option from scripts`)
}

const waiting = new Set()

async function waitForWrite(keys, timeoutMs, ctx) {
  const stops = []
  const woken = new Promise((resolve) => {
    const waiter = { keys, resolve }
    waiting.add(waiter)
    stops.push(() => waiting.delete(waiter))
    for (const key of keys) stops.push(ctx.db.subscribeKey(key, () => resolve(true)))
  })
  try {
    return await ctx.park({ waitFor: woken, timeoutMs, signal: ctx.signal })
  } finally {
    for (const stop of stops) stop()
  }
}

/** Wakes the readers that wait for a key, for a reason that WATCH doesn't count as a change. */
export function wake(key) {
  for (const { keys, resolve } of waiting) if (keys.some((one) => one.equals(key))) resolve(true)
}

/** `keys` of a command that contains STREAMS. */
export function keysOfStreams({ words }) {
  const at = words.findIndex((word) => word.toString().toUpperCase() === 'STREAMS')
  return at === -1 ? [] : words.slice(at + 1, at + 1 + Math.floor((words.length - at - 1) / 2))
}
