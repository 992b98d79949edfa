import type { Collision } from './types.ts'

/** The words that every screen uses for the steps of a collision. */
export type Mark = 'looked' | 'changed' | 'wrote' | 'refused'

/** The word for a step that took part in the collision. */
export function markOf(n: number, collision: Collision | undefined): Mark | undefined {
  switch (n) {
    case collision?.looked:
    case collision?.again:
      return 'looked'
    case collision?.changed:
      return 'changed'
    case collision?.wrote:
      return collision?.refused === true ? 'refused' : 'wrote'
    default:
      return undefined
  }
}

/** The steps that took part, in the order in which they ran. */
export function collidingSteps(collision: Collision | undefined): readonly number[] {
  const { looked, changed, wrote, again, never } = collision ?? {}
  return [looked, changed, wrote, again, never].filter((n) => n !== undefined).sort((a, b) => a - b)
}

/** What happened, with the numbers of the steps. */
export function sentenceOf({ kind, looked, changed, wrote, refused, again, never }: Collision): string {
  switch (kind) {
    case 'stale':
      return refused === true
        ? `Step ${wrote} was refused because step ${changed} had changed the key${looked === undefined ? '' : ` since step ${looked}`}.`
        : `Step ${wrote} wrote what was decided at step ${looked}. Step ${changed} had changed the key by then.`
    case 'torn':
      return `Steps ${looked} and ${again} don't show the same moment, because step ${changed} changed the data in between.`
    case 'crash':
      return `The process died after step ${wrote}, so step ${never} never ran.`
    case 'lost':
      return changed === undefined
        ? `Redis executed step ${wrote}, but its reply was lost.`
        : `Redis executed step ${changed}, but its reply was lost. Step ${wrote} sent the same again.`
    case 'missed':
      return `Step ${changed} changed the key after step ${looked} had looked at it, and nothing looked again.`
    case 'twice':
      return `Steps ${changed} and ${wrote} did the same work.`
  }
}
