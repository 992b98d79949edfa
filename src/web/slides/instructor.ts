import { readFile } from 'node:fs/promises'
import path from 'node:path'

/** What to say and show in each lesson, as Markdown by the lesson's number. */
export type SpeakerNotes = ReadonlyMap<string, string>

/** Reads the notes in lessons/INSTRUCTOR.md below `root`; without that file there are none. */
export async function speakerNotes(root: string): Promise<SpeakerNotes> {
  try {
    return notesIn(await readFile(path.join(root, 'lessons', 'INSTRUCTOR.md'), 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map()
    throw error
  }
}

/**
 * The part after each `**07 Versions and races.**`, up to the next one, the next heading or the end of the paragraph;
 * `_Say:_`, `_Stuck:_` and `_Show:_` in it become separate paragraphs.
 */
export function notesIn(markdown: string): SpeakerNotes {
  const found = markdown
    .replaceAll('\r\n', '\n')
    .matchAll(/\*\*(\d\d) [^*]+\.\*\*\s+((?:(?!\*\*\d\d |\n\n|\n#)[\s\S])*)/g)
  return new Map(
    [...found].map(([, number = '', text = '']) => [
      number,
      text.trim().replace(/\s+(?=_(?:Say|Stuck|Show):_)/g, '\n\n'),
    ]),
  )
}
