/** How a learner calls the program, with the course if they named one; the server wrote it into the page. */
export function self(): string {
  return document.querySelector<HTMLElement>('main[data-self]')?.dataset.self ?? 'npx eventlings'
}
