import { type ComponentType, render } from 'preact'
import type { IslandName, IslandProps } from '../protocol.ts'
import { Hints } from './hints.tsx'
import { Question } from './question.tsx'
import { RunSnippet } from './run-snippet.tsx'
import { ThemeSwitch } from './theme-switch.tsx'

const islands: { readonly [Name in IslandName]: ComponentType<IslandProps[Name]> } = {
  theme: ThemeSwitch,
  run: RunSnippet,
  hints: Hints,
  question: Question,
}

/** Activates the interactive parts of a page in the places that the server left for them. */
export function mountIslands(): void {
  for (const place of document.querySelectorAll<HTMLElement>('[data-island]')) {
    const { island = '', props = '{}' } = place.dataset
    if (isIsland(island)) mount(place, island, props)
  }
}

function mount(place: HTMLElement, name: IslandName, props: string): void {
  const Island = islands[name] as ComponentType<object>
  // Our own server wrote it, from the component's type.
  render(<Island {...(JSON.parse(props) as object)} />, place)
}

function isIsland(name: string): name is IslandName {
  return Object.hasOwn(islands, name)
}
