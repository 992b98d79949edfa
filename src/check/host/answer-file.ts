import { readFile, stat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

export type AnswerFile =
  | { readonly ok: true; readonly path: string; readonly text: string }
  | { readonly ok: false; readonly diagnosis: string }

const MOST_BYTES = 1024 * 1024
/** An editor that saves by renaming, or truncates first, leaves no file or an empty one for a moment. */
const LOOKS = 20
const BETWEEN_LOOKS_MS = 20

/**
 * The answer's text, or the reason there isn't any. The file is read once; `content` is what a watcher has already
 * read. `shown` is the path as the learner knows it.
 */
export async function readAnswer(path: string, shown: string, content?: Uint8Array): Promise<AnswerFile> {
  const bytes = content ?? (await bytesOf(path, shown))
  if (typeof bytes === 'string') return bad(bytes)
  return textIn(bytes, path, shown)
}

/** The bytes, or the reason they can't be read. */
async function bytesOf(path: string, shown: string): Promise<Uint8Array | string> {
  for (let look = 1; ; look += 1) {
    const info = await stat(path).catch(() => undefined)
    if (info !== undefined && !info.isFile())
      return `${shown} isn't a file. Pass the path of a TypeScript file.`
    if (info !== undefined && info.size > MOST_BYTES) return tooLarge(info.size, shown)
    const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => error)
    if (look < LOOKS && (bytes instanceof Error ? bytes.code === 'ENOENT' : bytes.length === 0)) {
      await sleep(BETWEEN_LOOKS_MS)
      continue
    }
    if (!(bytes instanceof Error)) return bytes
    if (bytes.code === 'ENOENT') return `There's no file ${shown}.`
    return `${shown} can't be read (${bytes.code}). Check its permissions.`
  }
}

function tooLarge(size: number, shown: string): string {
  const megabytes = (size / MOST_BYTES).toFixed(1)
  return `${shown} is ${megabytes} MB, but an answer is about a page of code. Is it the right file?`
}

function textIn(bytes: Uint8Array, path: string, shown: string): AnswerFile {
  if (bytes.length > MOST_BYTES) return bad(tooLarge(bytes.length, shown))
  const [first, second] = bytes
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    return bad(`${shown} is saved as UTF-16. Save it as UTF-8 in your editor.`)
  if (bytes.includes(0)) return bad(`${shown} isn't a text file. Save the answer as UTF-8 text.`)
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return bad(`${shown} isn't valid UTF-8 text. Save it as UTF-8 in your editor.`)
  }
  if (text.trim() === '') return bad(`${shown} is empty. Did you save it? The lesson says what to export.`)
  return { ok: true, path, text }
}

function bad(diagnosis: string): AnswerFile {
  return { ok: false, diagnosis }
}
