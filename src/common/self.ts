/** How a learner calls the program: `npx eventlings`, with the course if they named one. */
export let self = 'npx eventlings'

/** From now on, every command that's printed names this course, so that it can be typed as it is. */
export function nameCourse(folder: string): void {
  self = withCourse(folder)
}

/** How to call the program for the course in a folder, whatever its path contains. */
export function withCourse(folder: string): string {
  return `npx eventlings --course ${/^[\w./~:\\-]+$/.test(folder) ? folder : `"${folder}"`}`
}
