import type { RefObject } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'

/** If this part of the page has the focus when it goes away, `refocus` puts it elsewhere, so that keys still lead on from there. */
export function useFocusAfter<Part extends HTMLElement>(refocus: () => void): RefObject<Part | null> {
  const part = useRef<Part>(null)
  const newest = useRef(refocus)
  newest.current = refocus
  // The other kind of effect ends after this part has left the page, and has lost the focus.
  useLayoutEffect(() => {
    const element = part.current
    return () => {
      if (element?.contains(document.activeElement) === true) newest.current()
    }
  }, [])
  return part
}
