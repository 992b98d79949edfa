const smallest = 0.5
const step = 0.04

/**
 * Shrinks the content of a slide until it fits. The server cuts slides by estimate, and fonts differ between
 * machines. The slide must be laid out.
 */
export function fitSlide(slide: Element): void {
  const content = slide.querySelector<HTMLElement>('.content')
  if (content === null) return
  content.style.removeProperty('--fit')
  for (let size = 1 - step; size >= smallest && isTooFull(content); size -= step) {
    content.style.setProperty('--fit', size.toFixed(2))
  }
}

function isTooFull(content: HTMLElement): boolean {
  const inner = content.querySelector('.fit')
  if (inner === null) return false
  const isTooWide = [...inner.querySelectorAll('pre, .table')].some(
    (box) => box.scrollWidth > box.clientWidth + 1,
  )
  return inner.scrollHeight > content.clientHeight + 1 || isTooWide
}
