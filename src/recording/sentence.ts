import type { Collision, Recording, Step } from './types.ts'

/** The words that every screen uses for the steps of a collision. */
export type Mark = 'looked' | 'changed' | 'wrote' | 'refused'

type Run = Pick<Recording, 'steps'>

/** The word for a step that took part in the collision. */
export function markOf(n: number, run: Run, collision: Collision | undefined): Mark | undefined {
  switch (n) {
    case collision?.looked:
      return 'looked'
    case collision?.changed:
      return 'changed'
    case collision?.wrote:
      return isRefused(n, run) ? 'refused' : 'wrote'
    default:
      return undefined
  }
}

/** What happened, with the numbers of the steps. */
export function sentenceOf(run: Run, { kind, looked, changed, wrote, never }: Collision): string {
  switch (kind) {
    case 'stale':
      return isRefused(wrote, run)
        ? `Step ${wrote} was refused because step ${changed} had changed the key since step ${looked}.`
        : `Step ${wrote} wrote what was decided at step ${looked}. Step ${changed} had changed the key by then.`
    case 'crash':
      return `The process died after step ${wrote}, so step ${never} never ran.`
    case 'lost':
      return changed === undefined
        ? `Redis executed step ${wrote}, but its reply was lost.`
        : `Redis executed step ${changed}, but its reply was lost. Step ${wrote} sent the same again.`
    case 'twice':
      return `Steps ${changed} and ${wrote} did the same work.`
  }
}

function isRefused(n: number, { steps }: Run): boolean {
  const step: Step | undefined = steps.find((one) => one.n === n)
  return step?.kind === 'command' && /^(\(error\)|\(nil\)|\[\(error\))/.test(step.reply?.s ?? '')
}
