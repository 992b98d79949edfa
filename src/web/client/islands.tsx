import { type ComponentType, render } from 'preact'
import type { IslandName, IslandProps } from '../protocol.ts'
import { Hints } from './hints.tsx'
import { Question } from './question.tsx'
import { RunSnippet } from './run-snippet.tsx'
import { ThemeSwitch } from './theme-switch.tsx'

type Islands = { readonly [Name in IslandName]: ComponentType<IslandProps[Name]> }

/** Those of every page. */
const common: Omit<Islands, 'snippet'> = {
  theme: ThemeSwitch,
  run: RunSnippet,
  hints: Hints,
  question: Question,
}

/**
 * Activates the interactive parts of a page in the places that the server left for them; `more` has those that only this
 * page has.
 */
export function mountIslands(more: Partial<Islands> = {}): void {
  const islands: Partial<Islands> = { ...common, ...more }
  for (const place of document.querySelectorAll<HTMLElement>('[data-island]')) {
    const { island = '', props = '{}' } = place.dataset
    const Island = Object.hasOwn(islands, island) ? islands[island as IslandName] : undefined
    if (Island !== undefined) mount(place, Island as ComponentType<object>, props)
  }
}

function mount(place: HTMLElement, Island: ComponentType<object>, props: string): void {
  // Our own server wrote it, from the component's type.
  render(<Island {...(JSON.parse(props) as object)} />, place)
}
