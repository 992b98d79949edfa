import { defineCommand, RedisValue, t } from 'js-redis-server/core'
import { showId } from './stream-id.mjs'
import { Words } from './stream-words.mjs'

/** A command that receives its words as they came: `run(words, ctx, key)`, with the key already read. */
export function streamCommand(name, flags, run) {
  return defineCommand({
    name,
    schema: t.object({ words: t.variadic(t.bulk()) }),
    flags,
    keys: ({ words }) => [words[0]],
    execute: ({ words }, ctx) => {
      const read = new Words(words)
      const key = read.next()
      return run(read, ctx, key)
    },
  })
}

export function text(value) {
  return RedisValue.bulkString(Buffer.from(value))
}

export const NIL = RedisValue.bulkString(null)

export function entryValue({ id, fields }) {
  return RedisValue.array([
    text(showId(id)),
    RedisValue.array(fields.map((field) => RedisValue.bulkString(field))),
  ])
}
