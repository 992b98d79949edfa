import { existsSync } from 'node:fs'
import { filesOf } from './files.ts'

/** What `#built/<slug>` means, absolute: the model solution, or with `mine` the learner's own answer where there is one. */
export function builtFile(root: string, slug: string, mine: boolean): string {
  const { workspace, solution } = filesOf({ root }, slug)
  return mine && existsSync(workspace) ? workspace : solution
}
