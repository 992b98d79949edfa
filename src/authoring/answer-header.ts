/** What the first lines of a wrong answer promise. */
export interface AnswerHeader {
  /** The first task that must fail. */
  readonly task: string
  /** What must occur in its diagnosis, in whatever case. */
  readonly diagnosis: string
  /** `// embedded: …`: why the embedded Redis does not show this mistake, if it does not; it is looked for elsewhere then. */
  readonly notOnEmbedded: string | undefined
}

/** Reads `// task: …` and `// diagnosis: …` from the top of a file; a sentence if they are not there. */
export function readHeader(text: string): AnswerHeader | string {
  const comments: string[] = []
  for (const line of text.split(/\r?\n/)) {
    const comment = /^\/\/ ?(.*)$/.exec(line)?.[1]
    if (comment === undefined) break
    comments.push(comment)
  }
  const task = field(comments, 'task')
  const diagnosis = field(comments, 'diagnosis')
  const missing = task === undefined ? 'task: <name of the task>' : 'diagnosis: <words of the diagnosis>'
  if (task === undefined || diagnosis === undefined)
    return `It does not begin with the comment "// ${missing}".`
  return { task, diagnosis, notOnEmbedded: field(comments, 'embedded') }
}

function field(comments: readonly string[], name: string): string | undefined {
  const line = comments.find((comment) => comment.startsWith(`${name}:`))
  const value = line?.slice(name.length + 1).trim()
  return value === '' ? undefined : value
}
