/**
 * Redis keeps a stream in nodes of up to 100 entries or 4,096 bytes, and a trim with `~` removes only whole nodes. To
 * leave as much here as Redis does, each entry has the number of the node it would be in.
 */
const NODE_ENTRIES = 100
const NODE_BYTES = 4_096

export function createNode() {
  return { live: 0, all: 0, bytes: HEADER, last: undefined, master: undefined }
}

/** The node for the next entry of a stream whose last node is `node`. */
export function nodeFor(node, id, fields) {
  const text = fields.reduce((sum, part) => sum + part.length, 0)
  const isFull =
    node === undefined || node.live === 0 || node.bytes + text >= NODE_BYTES || node.all >= NODE_ENTRIES
  const into = isFull ? createNode() : node
  const names = fields.filter((_, at) => at % 2 === 0)
  if (into.master === undefined) {
    into.master = { id, names }
    into.bytes += 3 + sizeOfInteger(BigInt(names.length)) + sum(names.map(size)) + 2
  }
  const same =
    names.length === into.master.names.length && names.every((name, at) => name.equals(into.master.names[at]))
  const parts = same ? fields.filter((_, at) => at % 2 === 1) : fields
  into.bytes += 2 + sizeOfInteger(id.ms - into.master.id.ms) + sizeOfInteger(id.seq - into.master.id.seq)
  into.bytes += sum(parts.map(size)) + (same ? 0 : sizeOfInteger(BigInt(names.length)))
  into.bytes += sizeOfInteger(BigInt(parts.length + (same ? 3 : 4)))
  into.live += 1
  into.all += 1
  into.last = id
  return into
}

/** Bytes of an empty listpack: its header and its end. */
const HEADER = 7

/** Bytes of an element of a listpack, including the length after it that is read backwards. */
function size(part) {
  const text = part.length <= 20 ? part.toString('latin1') : ''
  if (/^(0|-?[1-9]\d*)$/.test(text)) {
    const value = BigInt(text)
    if (BigInt.asIntN(64, value) === value) return sizeOfInteger(value)
  }
  return withLength((part.length < 64 ? 1 : part.length < 4_096 ? 2 : 5) + part.length)
}

function sizeOfInteger(value) {
  if (value >= 0n && value < 128n) return 2
  if (value >= -4_096n && value < 4_096n) return 3
  for (const [bits, bytes] of [
    [16, 4],
    [24, 5],
    [32, 6],
  ]) {
    if (BigInt.asIntN(bits, value) === value) return bytes
  }
  return 10
}

function withLength(bytes) {
  return bytes + (bytes < 128 ? 1 : bytes < 16_384 ? 2 : bytes < 2_097_152 ? 3 : 4)
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0)
}
