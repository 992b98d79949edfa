import { existsSync, readFileSync, realpathSync } from 'node:fs'
import path from 'node:path'

/**
 * The folder of a package that the course uses and that isn't in the course's own folder, as in an npm or pnpm
 * workspace; undefined if all are inside.
 */
export function packageOutside(root: string): string | undefined {
  const inside = `${realpathSync(root)}${path.sep}`
  const places = dependencies(root).map((name) => packageFolder(root, name))
  return places.find((place) => place !== undefined && !place.startsWith(inside))
}

/** As Node finds it: in the folder or in one above, following links. */
function packageFolder(root: string, name: string): string | undefined {
  for (let folder = root; ; folder = path.dirname(folder)) {
    const place = path.join(folder, 'node_modules', name)
    if (existsSync(place)) return realpathSync(place)
    if (folder === path.dirname(folder)) return undefined
  }
}

function dependencies(root: string): readonly string[] {
  try {
    return Object.keys(JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')).dependencies ?? {})
  } catch {
    return []
  }
}
