import type { Deck } from './deck.ts'

export interface PresenterView {
  show(deck: Deck): void
}

/** The window that only the presenter sees: this slide, the next one, notes, and how much time has passed. */
export function presenterView(): PresenterView {
  document.documentElement.classList.add('presenter')
  const side = document.createElement('section')
  side.id = 'side'
  side.setAttribute('aria-label', 'Next slide')
  document.querySelector('#deck')?.after(side)
  const label = document.createElement('p')
  label.textContent = 'Next'
  const notes = document.querySelector<HTMLElement>('#notes')
  const clock = document.createElement('p')
  clock.id = 'clock'
  document.querySelector('#controls')?.prepend(clock)
  const began = Date.now()
  const tick = () => {
    const seconds = Math.floor((Date.now() - began) / 1000)
    const two = (number: number) => String(number).padStart(2, '0')
    clock.textContent = `${two(Math.floor(seconds / 60))}:${two(seconds % 60)}`
  }
  tick()
  setInterval(tick, 1000)
  return {
    show({ slide }) {
      const next = slide.nextElementSibling?.querySelector('.stage')?.cloneNode(true)
      // A picture of it: nothing in it can be pressed or focused.
      if (next instanceof HTMLElement) next.inert = true
      side.replaceChildren(label, ...(next ? [next] : []))
      if (notes === null) return
      notes.hidden = false
      const own = [...(slide.querySelector('.notes')?.childNodes ?? [])].map((node) => node.cloneNode(true))
      notes.replaceChildren(...own)
      if (own.length === 0) notes.textContent = 'No notes for this slide.'
    },
  }
}
