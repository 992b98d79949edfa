import { escapeHtml } from './code.ts'
import type { IslandName, IslandProps } from './protocol.ts'

/** A place in a page where an interactive part takes over (client/islands.tsx). Without scripts it stays empty. */
export function island<Name extends IslandName>(name: Name, props: IslandProps[Name]): string {
  return `<div data-island="${name}" data-props="${escapeHtml(JSON.stringify(props))}"></div>`
}
