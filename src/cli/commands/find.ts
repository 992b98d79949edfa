import { Exit, UsageError } from '../../common/exit.ts'
import {
  type Course,
  entryFor,
  entryWithWord,
  type GlossaryEntry,
  type LessonSummary,
  type Occurrences,
  readerText,
  readGlossary,
  searchText,
} from '../../course/index.ts'
import { nearestName } from '../../course/nearest.ts'
import { defineCommand, self } from '../command.ts'
import type { Context } from '../context.ts'
import { json, unless } from '../flags.ts'

interface InLesson extends Occurrences {
  readonly lesson: LessonSummary
}

export const command = defineCommand({
  flags: {
    pages: unless('all at once, even if it takes more than a screen'),
    json,
  },
  examples: [
    ['find checkpoint', 'what it means, and which lessons use it'],
    ['find', 'every term in the glossary'],
  ],
  run: async (context, words, flags) => {
    const { course } = await context.learner()
    const glossary = await readGlossary(course.root)
    const word = words.join(' ').trim()
    if (word === '') {
      if (flags.json) context.printJson({ terms: glossary.map(({ term }) => term) })
      else await print(context, allTerms(glossary), flags)
      return Exit.passed
    }
    const entry = entryFor(glossary, word) ?? entryWithWord(glossary, word)
    const lessons = await inLessons(course, word)
    if (entry === undefined && lessons.length === 0) throw new UsageError(nothing(word, glossary))
    if (flags.json) context.printJson(asJson(word, entry, lessons))
    else await print(context, asMarkdown(word, entry, lessons), flags)
    return Exit.passed
  },
})

/** Hints and quizzes are left out: an answer that turns up in a search is spoiled. */
async function inLessons(course: Course, word: string): Promise<readonly InLesson[]> {
  const found: InLesson[] = []
  for (const lesson of course.lessons) {
    const occurrences = searchText(readerText(await course.lesson(lesson.slug)), word)
    if (occurrences !== undefined) found.push({ lesson, ...occurrences })
  }
  return found
}

/** On pages, like a lesson, if a person would see only its end. */
async function print(context: Context, markdown: string, flags: { readonly pages: boolean }): Promise<void> {
  const { renderMarkdown } = await import('../../terminal/index.ts')
  const { palette, width, input, output } = context
  const render = (width: number) => renderMarkdown(markdown, { width, palette })
  const text = await render(width)
  if (!flags.pages || !context.canAsk || text.split('\n').length < (output.stream.rows || 24))
    return context.print(text)
  const { readPages } = await import('../../walkthrough/pager.ts')
  await readPages(async (width) => [{ text: await render(width) }], {
    input,
    output: output.stream,
    palette,
  })
}

function allTerms(glossary: readonly GlossaryEntry[]): string {
  const terms = glossary.map(({ term }) => term).join(' · ')
  return `# Glossary\n\n${terms}\n\nTo look one up: \`${self} find checkpoint\``
}

function asMarkdown(word: string, entry: GlossaryEntry | undefined, lessons: readonly InLesson[]): string {
  const explained = entry === undefined ? [] : [`## ${entry.term}`, plainLinks(entry.text)]
  if (lessons.length === 0) return explained.join('\n\n')
  const [first] = lessons.toSorted((a, b) => b.times - a.times)
  return [
    ...explained,
    `## “${word}” in the lessons`,
    lessons.map(line).join('\n'),
    `To read one: \`${self} read ${first?.lesson.number}\``,
  ].join('\n\n')
}

function line({ lesson, times, heading, excerpt }: InLesson): string {
  const often = times === 1 ? 'once' : times === 2 ? 'twice' : `${times} times`
  return `- **${lesson.number} ${lesson.title}**, ${often}, under *${heading}*: ${plainLinks(excerpt)}`
}

/** In a terminal, file addresses only get in the way. */
function plainLinks(markdown: string): string {
  return markdown.replace(/\[([^\]]+)\]\([^)]*\.md[^)]*\)/g, '$1')
}

function nothing(word: string, glossary: readonly GlossaryEntry[]): string {
  const guess = nearestName(
    word.toLowerCase(),
    glossary.map(({ term }) => term.toLowerCase()),
  )
  const instead = guess === undefined ? '' : ` Did you mean "${guess}"?`
  return `Neither the glossary nor any lesson has "${word}".${instead} Run "${self} find" to list the glossary.`
}

function asJson(word: string, entry: GlossaryEntry | undefined, lessons: readonly InLesson[]) {
  return {
    word,
    ...(entry !== undefined && { glossary: { term: entry.term, text: entry.text } }),
    lessons: lessons.map(({ lesson: { slug, title }, times, heading, excerpt }) => ({
      slug,
      title,
      times,
      heading,
      excerpt,
    })),
  }
}
