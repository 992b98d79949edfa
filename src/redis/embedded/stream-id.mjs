import { InvalidStreamIdError, RedisCommandError } from 'js-redis-server/core'

const MAX = (1n << 64n) - 1n
export const FIRST_ID = { ms: 0n, seq: 0n }
export const LAST_ID = { ms: MAX, seq: MAX }

export function showId({ ms, seq }) {
  return `${ms}-${seq}`
}

export function compareIds(a, b) {
  if (a.ms !== b.ms) return a.ms < b.ms ? -1 : 1
  return a.seq === b.seq ? 0 : a.seq < b.seq ? -1 : 1
}

export function isZero(id) {
  return id.ms === 0n && id.seq === 0n
}

/** `5-3`, or `5` with `missing` as its second part. */
export function readId(token, missing = 0n) {
  const [ms, seq, more] = token.toString().split('-')
  if (more !== undefined) throw new InvalidStreamIdError()
  return { ms: readPart(ms), seq: seq === undefined ? missing : readPart(seq) }
}

/** An end of a range: `-`, `+`, an ID, or an exclusive one after `(`. */
export function readRangeEnd(token, isStart) {
  const text = token.toString()
  if (text === '-') return FIRST_ID
  if (text === '+') return LAST_ID
  const isOpen = text.startsWith('(')
  const id = readId(isOpen ? text.slice(1) : text, isStart ? 0n : MAX)
  if (!isOpen) return id
  const moved = isStart ? idAfter(id) : idBefore(id)
  if (moved === undefined) {
    throw new RedisCommandError(`invalid ${isStart ? 'start' : 'end'} ID for the interval`)
  }
  return moved
}

export function idAfter({ ms, seq }) {
  if (seq < MAX) return { ms, seq: seq + 1n }
  return ms < MAX ? { ms: ms + 1n, seq: 0n } : undefined
}

function idBefore({ ms, seq }) {
  if (seq > 0n) return { ms, seq: seq - 1n }
  return ms > 0n ? { ms: ms - 1n, seq: MAX } : undefined
}

function readPart(text) {
  const value = /^\d{1,20}$/.test(text) ? BigInt(text) : undefined
  if (value === undefined || value > MAX) throw new InvalidStreamIdError()
  return value
}
