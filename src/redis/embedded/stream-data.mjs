import { compareIds, FIRST_ID, isZero, showId } from './stream-id.mjs'
import { nodeFor } from './stream-nodes.mjs'

/** How much a trim with `~` and without LIMIT looks at, at most: a hundred nodes. */
const USUAL_LIMIT = 10_000

/** The index of the first entry with this ID or a later one. */
export function positionOf(stream, id) {
  let low = 0
  let high = stream.entries.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (compareIds(stream.entries[middle].id, id) < 0) low = middle + 1
    else high = middle
  }
  return low
}

export function entryAt(stream, id) {
  const entry = stream.entries[positionOf(stream, id)]
  return entry !== undefined && compareIds(entry.id, id) === 0 ? entry : undefined
}

export function firstId(stream) {
  return stream.entries[0]?.id ?? FIRST_ID
}

export function append(stream, id, fields) {
  const node = nodeFor(stream.entries.at(-1)?.node, id, fields)
  stream.entries.push({ id, fields, node })
  stream.lastId = id
  stream.entriesAdded += 1
}

/** Removes these entries and returns how many there were. */
export function removeEntries(stream, ids) {
  let removed = 0
  for (const id of ids) {
    const at = positionOf(stream, id)
    const entry = stream.entries[at]
    if (entry === undefined || compareIds(entry.id, id) !== 0) continue
    stream.entries.splice(at, 1)
    if (entry.node !== undefined) entry.node.live -= 1
    if (compareIds(id, stream.maxDeletedEntryId) > 0) stream.maxDeletedEntryId = id
    removed += 1
  }
  return removed
}

/** Trims as Redis does: whole nodes first, and single entries of the next one only without `~`. */
export function trim(stream, { strategy, threshold, isRough, limit }) {
  const { entries } = stream
  const most = limit ?? (isRough ? USUAL_LIMIT : 0)
  let gone = 0
  while (gone < entries.length) {
    const left = entries.length - gone
    if (strategy === 'MAXLEN' && left <= threshold) break
    const { node } = entries[gone]
    let end = gone + 1
    while (end < entries.length && node !== undefined && entries[end].node === node) end += 1
    if (most > 0 && end > most) break
    const last = node?.last ?? entries[gone].id
    const isWhole = strategy === 'MAXLEN' ? left - (end - gone) >= threshold : compareIds(last, threshold) < 0
    if (isWhole) gone = end
    else {
      if (!isRough) {
        const from = gone
        while (gone < end && isBefore(strategy, threshold, entries, gone)) gone += 1
        if (node !== undefined) node.live -= gone - from
      }
      break
    }
  }
  if (gone > 0) entries.splice(0, gone)
  return gone
}

function isBefore(strategy, threshold, entries, at) {
  return strategy === 'MAXLEN' ? entries.length - at > threshold : compareIds(entries[at].id, threshold) < 0
}

/** Whether an entry was deleted (not trimmed) from here on, so that counting by IDs doesn't work. */
export function hasGapsFrom(stream, id) {
  const { entries, maxDeletedEntryId } = stream
  if (entries.length === 0 || isZero(maxDeletedEntryId)) return false
  if (compareIds(entries[0].id, maxDeletedEntryId) > 0) return false
  return compareIds(id, maxDeletedEntryId) <= 0
}

/** How many entries were ever added up to this ID; null if that can't be known. */
export function countUpTo(stream, id) {
  const { entriesAdded, entries, lastId, maxDeletedEntryId } = stream
  if (entriesAdded === 0) return 0
  if (entries.length === 0 && compareIds(id, lastId) <= 0) return entriesAdded
  if (!isZero(id) && compareIds(id, maxDeletedEntryId) < 0) return null
  const toLast = compareIds(id, lastId)
  if (toLast === 0) return entriesAdded
  if (toLast > 0) return null
  const toFirst = compareIds(id, firstId(stream))
  if (isZero(maxDeletedEntryId) || compareIds(maxDeletedEntryId, firstId(stream)) < 0) {
    if (toFirst < 0) return entriesAdded - entries.length
    if (toFirst === 0) return entriesAdded - entries.length + 1
  }
  return null
}

export function lagOf(stream, group) {
  if (stream.entriesAdded === 0) return 0
  if (group.entriesRead !== null && !hasGapsFrom(stream, group.lastDeliveredId)) {
    return stream.entriesAdded - group.entriesRead
  }
  const read = countUpTo(stream, group.lastDeliveredId)
  return read === null ? null : stream.entriesAdded - read
}

export function sortedPending(group) {
  return [...group.pending.values()].sort((a, b) => compareIds(a.id, b.id))
}

export function pendingKey(id) {
  return showId(id)
}
