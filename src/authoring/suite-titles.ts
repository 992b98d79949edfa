/** What's wrong with the titles, compared with the names of the lesson's tasks; undefined if nothing is. */
export function problemOfTitles(titles: readonly string[], tasks: readonly string[]): string | undefined {
  const missing = tasks.filter((task) => !titles.includes(task))
  const extra = titles.filter((title) => !tasks.includes(title))
  if (missing.length > 0) return `There's no describe(${quoted(missing)}): each task needs one with its name.`
  if (extra.length > 0) return `describe(${quoted(extra)}) belongs to no task of the lesson.`
  if (titles.length > tasks.length) return 'Two describe blocks have the same title.'
  if (titles.some((title, index) => title !== tasks[index])) {
    return `The describe blocks aren't in the order of the tasks: ${tasks.join(', ')}.`
  }
  return undefined
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(', ')
}
