import type { ComponentChildren } from 'preact'

interface ScrollerProps {
  readonly label: string
  /** Wider than the page, higher than its place, or both. */
  readonly shape?: 'wide' | 'high' | 'code'
  readonly children: ComponentChildren
}

/** Content that may not fit. It takes the focus, so that the arrow keys reach what's beyond its edge. */
export function Scroller({ label, shape = 'wide', children }: ScrollerProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
    <section class={shape} tabIndex={0} aria-label={label}>
      {children}
    </section>
  )
}
