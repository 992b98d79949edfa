import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { filesOf } from './files.ts'

/**
 * The absolute path that `#built/<slug>` resolves to: the model solution or, if `mine` (the folder of the learner's
 * answers) has one, the learner's own answer.
 */
export function builtFile(root: string, slug: string, mine: string | undefined): string {
  const own = mine === undefined ? undefined : join(mine, `${slug}.ts`)
  return own !== undefined && existsSync(own) ? own : filesOf({ root }, slug).solution
}
