import { useLayoutEffect } from 'preact/hooks'

export interface Clicker {
  next(): void
  previous(): void
  /** To the first screen. */
  home(): void
  black(): void
}

/** What clickers send, and the keys that do the same without one. */
const keys: Readonly<Record<string, keyof Clicker>> = {
  PageDown: 'next',
  ArrowRight: 'next',
  ArrowDown: 'next',
  ' ': 'next',
  PageUp: 'previous',
  ArrowLeft: 'previous',
  ArrowUp: 'previous',
  Home: 'home',
  b: 'black',
  '.': 'black',
}

/** Listens to a clicker for as long as the page is open. Arrow keys keep their meaning where they scroll or choose. */
export function useClicker(clicker: Clicker): void {
  // Before anything is drawn, because the next click may come sooner.
  useLayoutEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return
      const { target, key } = event
      const place =
        target instanceof Element ? target.closest('button, a, input, select, textarea, summary') : null
      if (place !== null) return
      const isScroller = target instanceof Element && target.closest('[tabindex]') !== null
      if (isScroller && (key.startsWith('Arrow') || key === 'Home')) return
      // With caps lock, too.
      const action = keys[key] ?? keys[key.toLowerCase()]
      if (action === undefined) return
      event.preventDefault()
      clicker[action]()
    }
    window.addEventListener('keydown', press)
    return () => window.removeEventListener('keydown', press)
  })
}
