import type { KeyState } from './types.ts'

/** A key in a few words: what it is, and how much is in it. */
export function describeKey(state: KeyState | undefined): string {
  if (state === undefined) return "doesn't exist"
  switch (state.type) {
    case 'stream':
      return `${count(state.length, 'entry', 'entries')}, last ${state.lastId}`
    case 'hash':
      return count(Object.keys(state.fields).length, 'field')
    case 'set':
    case 'zset':
      return count(state.members.length, 'member')
    case 'list':
      return count(state.items.length, 'item')
    case 'string':
      return state.value.s
    case 'large':
      return `a ${state.of} of ${state.length}`
  }
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`
}
