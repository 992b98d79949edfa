import type { ComponentChildren } from 'preact'

interface ScrollerProps {
  readonly label: string
  readonly children: ComponentChildren
}

/** What may be wider than the page. It takes the focus, so that the arrow keys reach what lies beyond its edge. */
export function Scroller({ label, children }: ScrollerProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
    <section class="wide" tabIndex={0} aria-label={label}>
      {children}
    </section>
  )
}
