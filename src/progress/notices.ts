import type { MalformedLine } from './contents.ts'
import type { StoredEvent } from './event.ts'

/** Sentences for the learner, each shown once however often its cause occurs. */
export class Notices {
  readonly #said = new Set<string>()

  add(sentence: string): void {
    this.#said.add(sentence)
  }

  get all(): readonly string[] {
    return [...this.#said]
  }
}

export function malformedNotice(file: string, lines: readonly MalformedLine[]): string {
  const [first, ...others] = lines.map(({ line, problem }) => `line ${line} (${problem})`)
  if (others.length === 0) return `${file}: ${first} isn't a progress event. It's skipped; all others count.`
  const more = others.length > 4 ? `, and ${others.length - 4} more` : ''
  const named = `${[first, ...others.slice(0, 4)].join(', ')}${more}`
  return `${file}: ${lines.length} lines aren't progress events: ${named}. They're skipped; all others count.`
}

export function tornNotice(file: string, side: string): string {
  return `The last line of ${file} is truncated (a power cut?). It's skipped; the next save moves it to ${side}.`
}

export function unknownNotice(file: string, events: readonly StoredEvent[]): string {
  const types = [...new Set(events.map((event) => JSON.stringify(event.eventType.slice(0, 40))))]
  const named = types.length > 3 ? `${types.slice(0, 3).join(', ')}…` : types.join(', ')
  if (events.length === 1) {
    return `${file} has 1 event from a later version (${named}). It's kept but not shown.`
  }
  return `${file} has ${events.length} events from a later version (${named}). They're kept but not shown.`
}

export function newerFormatNotice(file: string, format: number): string {
  return `${file} was written by a newer eventlings (format ${format}). It's read, but nothing new is saved. Update eventlings.`
}

export function readOnlyNotice(folder: string, why: string): string {
  return `Progress can't be saved in ${folder} (${why}). The course works, but it won't remember what you do now.`
}

export function unreadableNotice(file: string, why: string): string {
  return `${file} can't be read (${why}), so progress is neither shown nor saved. Move it out of the way, or fix its permissions.`
}

/** `why` is a sentence. Steps that weren't saved live as long as the program, so this is for its end. */
export function notSavedNotice(steps: number, why: string): string {
  const lost =
    steps === 1
      ? "Your last step couldn't be saved, so it's lost."
      : `Your last ${steps} steps couldn't be saved, so they're lost.`
  return `${lost} ${why} Then run the command again.`
}
