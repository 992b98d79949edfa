import type { Redis } from 'ioredis'

/** How many keys one MIGRATE moves. */
const KEYS_AT_ONCE = 100

/**
 * A pause while some keys of the slot have moved and the others haven't, as in every move of more than a few keys.
 */
export interface Halfway {
  readonly first: readonly string[]
  readonly run: () => Promise<void>
}

/**
 * Moves one slot with its keys between two masters, in the same order as redis-cli: the target declares that it
 * imports, the source that it migrates, the keys move, and every node gets the new owner. Clients meet ASK and MOVED
 * on the way. `meanwhile` runs when the slot is open on both sides and its keys haven't moved yet; `halfway` between
 * two groups of keys.
 */
export async function moveSlot(
  slot: number,
  nodes: readonly Redis[],
  to: number,
  meanwhile: () => Promise<void> = async () => {},
  halfway?: Halfway,
): Promise<void> {
  const ids = await Promise.all(nodes.map(async (node) => String(await node.call('CLUSTER', 'MYID'))))
  const from = await ownerOf(slot, nodes)
  const [giver, receiver, giverId, receiverId] = [nodes[from], nodes[to], ids[from], ids[to]]
  if (giver === undefined || receiver === undefined || giverId === undefined || receiverId === undefined) {
    throw new RangeError(`There's no node ${to}, or no node that serves slot ${slot}.`)
  }
  if (from === to) return
  await receiver.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', giverId)
  await giver.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', receiverId)
  await meanwhile()
  const { host = '127.0.0.1', port = 6379 } = receiver.options
  const migrate = (keys: readonly string[]) =>
    giver.call('MIGRATE', host, port, '', 0, 5_000, 'KEYS', ...keys)
  if (halfway !== undefined) {
    for (const key of halfway.first) await migrate([key])
    await halfway.run()
  }
  for (;;) {
    const keys = (await giver.call('CLUSTER', 'GETKEYSINSLOT', slot, KEYS_AT_ONCE)) as string[]
    if (keys.length === 0) break
    await migrate(keys)
  }
  // The target first: in the other order, no node would own the slot if we died in between.
  const others = nodes.filter((node) => node !== receiver && node !== giver)
  for (const node of [receiver, giver, ...others])
    await node.call('CLUSTER', 'SETSLOT', slot, 'NODE', receiverId)
}

/** Which of the nodes serves the slot, or -1 if none does. */
export async function ownerOf(slot: number, nodes: readonly Redis[]): Promise<number> {
  for (const [index, node] of nodes.entries()) {
    const ranges = (await node.call('CLUSTER', 'SLOTS')) as [number, number, [string, number]][]
    const range = ranges.find(([first, last]) => first <= slot && slot <= last)
    if (range?.[2][1] === node.options.port) return index
  }
  return -1
}
