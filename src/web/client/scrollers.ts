/** Makes boxes that scroll reachable by keyboard; others aren't a tab stop. */
export function focusableScrollers(): void {
  const mark = (box: Element) => {
    if (box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight + 1) {
      box.setAttribute('tabindex', '0')
      box.setAttribute('role', 'group')
      box.setAttribute('aria-label', 'Code that scrolls')
    } else {
      for (const name of ['tabindex', 'role', 'aria-label']) box.removeAttribute(name)
    }
  }
  const resized = new ResizeObserver((entries) => {
    for (const { target } of entries) mark(target)
  })
  const watch = (root: ParentNode) => {
    for (const box of root.querySelectorAll('pre, .table')) resized.observe(box)
  }
  watch(document)
  // Hints and outputs come later.
  new MutationObserver((changes) => {
    for (const node of changes.flatMap(({ addedNodes }) => [...addedNodes])) {
      if (node instanceof Element) watch(node.parentElement ?? node)
    }
  }).observe(document.body, { childList: true, subtree: true })
}
