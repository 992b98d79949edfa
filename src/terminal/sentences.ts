import { widthOf } from './width.ts'

/** What a learner copies, and a line break would split, because it has spaces. */
const copied = [
  // A command in quotes, and a path in quotes.
  /(?<=^|[\s(])(["`])(?:(?:npx|npm|cd) [^"`]*|[^"`]*[/\\][^"`]*)\1/g,
  // A command without quotes: up to the end of its sentence, or up to two spaces, in a list of commands.
  /(?<=^|\s)(?:npx|npm) \S.*?(?=[.,;:]? {2}|[.?!] [A-Z-]|[,;:] |$)/g,
  // A folder's name may have a space: `/home/Ada Lovelace/workspace`.
  /(?<=^|\s)(?:~|[A-Za-z]:)?[/\\]\S* [^\s/\\]+[/\\]\S*/g,
]
/** Takes the place of a space at which no line may end; control characters in sentences were replaced before. */
const KEPT = '\u0000'

/**
 * Breaks the lines that are wider than the terminal, which would break them in the middle of a word. A line never ends
 * in the middle of a command or a path, so that they can be copied. A line that's already painted stays as it is.
 */
export function wrapSentences(text: string, width: number): string {
  return text
    .split('\n')
    .map((line) => (widthOf(line) <= width || line.includes('\u001b') ? line : wrapLine(line, width)))
    .join('\n')
}

function wrapLine(line: string, width: number): string {
  const indent = /^ */.exec(line)?.[0] ?? ''
  const sentence = copied.reduce(
    (whole, part) => whole.replace(part, (found) => found.replaceAll(' ', KEPT)),
    line.slice(indent.length),
  )
  const lines: string[] = []
  let last = ''
  for (const word of sentence.split(/(?<=\S)(?= )/)) {
    if (last !== '' && widthOf(indent + last + word) > width) {
      lines.push(last)
      last = word.trimStart()
    } else last += word
  }
  return [...lines, last].map((one) => indent + one.replaceAll(KEPT, ' ')).join('\n')
}

/** A sentence for the terminal, or as it is without one: a program may read it line by line. */
export function sentenceFor(
  { isTTY, width }: { readonly isTTY: boolean; readonly width: number },
  sentence: string,
): string {
  return isTTY ? wrapSentences(sentence, width) : sentence
}
