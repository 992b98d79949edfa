import { maySeeSolution } from '../learner/index.ts'
import type { Desk } from '../learner/learner.ts'
import { ask } from './ask.ts'
import { self } from './command.ts'
import type { Context } from './context.ts'

/** Asks before showing any of the solution, if it would spoil something and the program can ask. */
export async function mayReveal(context: Context, desk: Desk, slug: string, yes: boolean): Promise<boolean> {
  if (yes || !context.canAsk || maySeeSolution(desk, slug)) return true
  if (await ask(context, 'Show the solution? A pass after this counts as "passed after the solution."'))
    return true
  context.print(`The solution stays hidden. There may be a hint left: ${self} hint ${slug.split('-')[0]}`)
  return false
}
