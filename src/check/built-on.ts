/** How a diagnosis begins whose cause is in the learner's own files of earlier lessons. */
export function builtOnYours(files: readonly string[], what: string): string {
  const names = files.map((file) => file.replace(/^.*[\\/]/, ''))
  const list = new Intl.ListFormat('en').format(names)
  return `Built on your ${list}. With the model solution${names.length === 1 ? '' : 's'}, ${what}.`
}

/** The slug of the first lesson that such a diagnosis names; undefined for any other diagnosis. */
export function lessonBlamedBy(diagnosis: string | undefined): string | undefined {
  return /^Built on your (\S+?)\.ts\b/.exec(diagnosis ?? '')?.[1]
}
