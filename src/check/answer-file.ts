import { readFile, stat } from 'node:fs/promises'

export type AnswerFile =
  | { readonly ok: true; readonly path: string; readonly text: string }
  | { readonly ok: false; readonly diagnosis: string }

const MOST_BYTES = 1024 * 1024

/** The answer's text, or why it can be none. `shown` is the path as a learner knows it. */
export async function readAnswer(path: string, shown: string): Promise<AnswerFile> {
  const info = await stat(path).catch(() => undefined)
  if (info === undefined) return bad(`There is no file ${shown}.`)
  if (!info.isFile()) return bad(`${shown} is not a file.`)
  if (info.size > MOST_BYTES) {
    const megabytes = (info.size / MOST_BYTES).toFixed(1)
    return bad(`${shown} has ${megabytes} MB; an answer is a page of code. Is it the right file?`)
  }
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => error)
  if (bytes instanceof Error) return bad(`${shown} cannot be read (${bytes.code}). Check its permissions.`)
  if (bytes.includes(0)) return bad(`${shown} is not a text file. Write the answer as UTF-8 text.`)
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return bad(`${shown} is not valid UTF-8 text. Save it as UTF-8 in your editor.`)
  }
  if (text.trim() === '')
    return bad(`${shown} is empty. Was it saved? The lesson says what it should export.`)
  return { ok: true, path, text }
}

function bad(diagnosis: string): AnswerFile {
  return { ok: false, diagnosis }
}
