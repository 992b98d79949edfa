import type { Token } from 'markdown-it'
import { parseMarkdown } from '../markdown/parse.ts'
import { needs as knownNeeds, type Need } from '../redis/types.ts'
import type { Document, Section } from './document.ts'
import { blocksBetween, mistake, tokensBetween } from './document.ts'
import type { Task } from './lesson.ts'

/** A task and the lines it takes up. */
export interface PlacedTask extends Task {
  readonly from: number
  readonly to: number
}

/** All tasks of a lesson; `lessonNeeds` apply to each. Throws BadLessonError. */
export async function parseTasks(
  document: Document,
  lessonNeeds: readonly Need[],
): Promise<readonly PlacedTask[]> {
  const tasks: PlacedTask[] = []
  for (const section of document.sections) {
    if (section.level !== 2 || !/^task\b/i.test(section.title)) continue
    tasks.push(await parseTask(document, section, tasks, lessonNeeds))
  }
  if (tasks.length === 0) {
    throw mistake(document, 'tasks', 0, 'There are no tasks. Start one with "## Task 1 · <name>".')
  }
  const twice = tasks.find((task, index) => tasks.findIndex(({ name }) => name === task.name) < index)
  if (twice) {
    throw mistake(document, 'tasks', twice.from, `Two tasks are called "${twice.name}". Rename one of them.`)
  }
  return tasks
}

async function parseTask(
  document: Document,
  section: Section,
  earlier: readonly Task[],
  lessonNeeds: readonly Need[],
): Promise<PlacedTask> {
  const number = earlier.length + 1
  const [, written, title] = /^Task (\d+) · (\S.*)$/.exec(section.title) ?? []
  if (written === undefined || title === undefined || Number(written) !== number) {
    const wanted = `Write "## Task ${number} · <name>"; tasks are numbered from 1.`
    throw mistake(
      document,
      'tasks',
      section.heading,
      `"## ${section.title}" isn't the heading of a task. ${wanted}`,
    )
  }
  const name = title.replaceAll('`', '').trim()
  const own = linesBelowHeading(
    document,
    section,
    earlier.map((task) => task.name),
  )
  const hints = hintsSection(document, section, name)
  const needs = [...new Set([...lessonNeeds, ...own.needs])]
  return {
    name,
    number,
    text: [
      ...tokensBetween(document, section.heading, section.from),
      ...(await aboutTask(own.minutes, needs)),
      ...tokensBetween(document, own.textFrom, hints.heading),
      ...tokensBetween(document, hints.to, section.to),
    ],
    ...parseHints(document, hints, name),
    needs,
    buildsOn: own.buildsOn,
    ...(own.minutes !== undefined && { minutes: own.minutes }),
    from: section.heading,
    to: section.to,
  }
}

function hintsSection(document: Document, task: Section, name: string): Section {
  const inside = document.sections.filter(({ heading }) => heading > task.heading && heading < task.to)
  const [hints, second] = inside.filter(({ title }) => /^hints?$/i.test(title))
  if (!hints) {
    const wanted = 'Add "### Hints" with a numbered list at the end of the task.'
    throw mistake(document, 'hints', task.heading, `Task "${name}" has no hints. ${wanted}`)
  }
  if (second) {
    const problem = `Task "${name}" has hints in two places. Put them in one list.`
    throw mistake(document, 'hints', second.heading, problem)
  }
  const next = inside.find(({ heading }) => heading > hints.heading)
  return { ...hints, to: next?.heading ?? hints.to }
}

function parseHints(document: Document, section: Section, name: string): Pick<Task, 'hints' | 'helps'> {
  const blocks = blocksBetween(document, section.from, section.to)
  const [list] = blocks
  const stray = blocks.find((block, index) => index > 0 || block.kind !== 'numbers')
  if (list?.kind !== 'numbers' || stray) {
    const wanted = 'Write "1. …", "2. …" and indent everything in a hint as far as its text.'
    const problem = `The hints of task "${name}" aren't one numbered list. ${wanted}`
    throw mistake(document, 'hints', stray?.line ?? section.heading, problem)
  }
  const hints = list.items.map(({ line, lines }) => {
    const text = lines.filter((one) => !helping.test(one)).join('\n')
    if (text.trim() === '')
      throw mistake(document, 'hints', line, 'This hint is empty. Write it or remove it.')
    const helps = lines.flatMap((one) => helping.exec(one)?.[1]?.split(';') ?? [])
    return { text: text.trimEnd(), helps: helps.map((words) => words.trim()).filter((words) => words !== '') }
  })
  return { hints: hints.map(({ text }) => text), helps: hints.map(({ helps }) => helps) }
}

/** Below a hint: words of the diagnoses that it helps with, separated by semicolons. */
const helping = /^<!--\s*helps:(.*?)-->\s*$/

async function aboutTask(minutes: number | undefined, needs: readonly Need[]): Promise<readonly Token[]> {
  const sentences = [
    ...(minutes === undefined ? [] : [`About ${minutes} minutes.`]),
    ...(needs.length === 0 ? [] : [`Needs ${needs.map((need) => needInWords[need]).join(' and ')}.`]),
  ]
  return sentences.length === 0 ? [] : parseMarkdown(`*${sentences.join(' ')}*`)
}

const needInWords: Readonly<Record<Need, string>> = {
  'real-server': 'a real Redis server',
  'own-server': 'redis-server on this machine',
  cluster: 'redis-server on this machine, for a cluster',
}

/** The optional lines "Minutes: …", "Needs: …", and "Builds on: …" directly below the heading, in this order. */
function linesBelowHeading(document: Document, section: Section, earlier: readonly string[]) {
  const minutes = listAt(document, section, section.from, 'minutes')
  const needs = listAt(document, section, minutes.end, 'needs')
  const buildsOn = listAt(document, section, needs.end, 'builds on')
  const textFrom = buildsOn.end
  const isCut = ({ map }: Token) =>
    map !== null && map[0] >= section.from && map[0] < textFrom && map[1] > textFrom
  if (document.tokens.some(isCut)) {
    const text = document.lines[textFrom]
    throw mistake(document, 'tasks', textFrom, `Leave a blank line above "${text}".`)
  }
  const [time] = minutes.items
  if (time !== undefined && !/^[1-9]\d*$/.test(time)) {
    const problem = `"${time}" isn't a whole number of minutes. Write "Minutes: 20", for example.`
    throw mistake(document, 'minutes', minutes.line, problem)
  }
  return {
    minutes: time === undefined ? undefined : Number(time),
    needs: needs.items.map((text): Need => {
      const need = knownNeeds.find((known) => known === text)
      if (need) return need
      const known = knownNeeds.join(' or ')
      throw mistake(
        document,
        'needs',
        needs.line,
        `"${text}" isn't something a task can need. Write ${known}.`,
      )
    }),
    buildsOn: buildsOn.items.map((text) => {
      if (earlier.includes(text)) return text
      const problem = `"${text}" isn't the name of an earlier task. Separate several names with " + ".`
      throw mistake(document, 'tasks', buildsOn.line, problem)
    }),
    textFrom,
  }
}

/** The items of a line "Key: …", if the first nonempty line at or after `from` is one; `end` is the line after it. */
function listAt(document: Document, section: Section, from: number, key: 'minutes' | 'needs' | 'builds on') {
  const line = document.lines.findIndex((text, index) => index >= from && text.trim() !== '')
  const written = document.lines[line] ?? ''
  if (line === -1 || line >= section.to || !written.toLowerCase().startsWith(`${key}:`)) {
    return { items: [], line: from, end: from }
  }
  const separator = key === 'needs' ? ',' : ' + '
  const items = written.slice(key.length + 1).split(separator)
  return { items: items.map((item) => item.trim()), line, end: line + 1 }
}
