import { WrongTypeRedisError } from 'js-redis-server/core'

/**
 * js-redis-server copies a value whole for every reader and every listener of a change: an XADD to a stream of 10,000
 * entries copies all of them, twice. Our own stream commands change nothing that they only read, and its listeners
 * look only at the type, so they can share it.
 */
export function shareState(state) {
  for (const database of state.databases) {
    const { keyspace, mutations } = database
    database.getStream = (key) => {
      const value = keyspace.getLiveEntry(key)?.value
      if (value === undefined) return null
      if (value.type !== 'stream') throw new WrongTypeRedisError()
      return value
    }
    // A flush doesn't change a key that didn't exist, and a transaction that watches it continues.
    keyspace.flush = () => {
      keyspace.sweepExpired()
      const keys = [...keyspace.entries.values()].map(({ key }) => key)
      keyspace.entries.clear()
      for (const key of keys) mutations.emit({ type: 'flush', database: database.id, key })
    }
    mutations.emit = (event) => {
      for (const listener of [...mutations.globalListeners]) listener(event)
      for (const listener of [...(mutations.keyListeners.get(event.key.toString('hex')) ?? [])])
        listener(event)
    }
  }
}
