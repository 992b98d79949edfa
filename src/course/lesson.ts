import type { Token } from 'markdown-it'
import type { Need } from '../redis/types.ts'
import type { NamedFold } from './front-matter.ts'

/** A lesson as lists and menus show it: its file name and front matter. */
export interface LessonSummary {
  /** The file's name without `.md`: `07-concurrency`. */
  readonly slug: string
  /** Always two digits: `07`. */
  readonly number: string
  readonly title: string
  readonly chapter: string
  readonly minutes: number
  /** Slugs of the lessons that this one builds on. */
  readonly after: readonly string[]
  /** What every task of the lesson needs. */
  readonly needs: readonly Need[]
}

export interface Task {
  /** The title of its `describe` in the lesson's suite. */
  readonly name: string
  /** Counted from 1. */
  readonly number: number
  /** The task as a reader sees it, with its heading and what it needs, but without the hints. */
  readonly text: readonly Token[]
  /** Markdown, from a vague one to one that's nearly the code; never empty. */
  readonly hints: readonly string[]
  /** For each hint: words of the diagnoses that it helps with. */
  readonly helps: readonly (readonly string[])[]
  /** The task's own needs and those of the lesson. */
  readonly needs: readonly Need[]
  /** Names of earlier tasks whose functions this one calls: it can't pass before they do. */
  readonly buildsOn: readonly string[]
  /** How long it takes; only in a lesson that's too long for one sitting. */
  readonly minutes?: number
}

export interface QuizAnswer {
  readonly text: string
  readonly right: boolean
  /** Markdown: why the answer is right or wrong; may be empty. */
  readonly explanation: string
}

export interface QuizQuestion {
  /** Markdown; one sentence, sometimes with a code block below it. */
  readonly question: string
  /** Two or more, at least one of them right. */
  readonly answers: readonly QuizAnswer[]
  /** The snippet, counted from 1, whose output is to be predicted; without it the question is about the text. */
  readonly before?: number
}

/** One line typed into redis-cli and what it prints; both may contain placeholders such as `<id>`. */
export interface RedisExchange {
  readonly command: string
  readonly reply: string
}

/**
 * Code in a lesson that runs, in the order of the text; the tokens of its blocks are marked with its number. `line` is
 * the line in the file, counted from 1.
 */
export type Snippet =
  | {
      readonly kind: 'redis'
      readonly commands: readonly RedisExchange[]
      readonly fails: boolean
      readonly line: number
    }
  | {
      readonly kind: 'ts'
      readonly code: string
      /** What it prints, or undefined where the lesson doesn't show it. */
      readonly output: string | undefined
      readonly fails: boolean
      readonly line: number
    }

export interface Lesson extends LessonSummary {
  /** Names of the values that an answer must export. */
  readonly exports: readonly string[]
  /** Administrative commands that an answer may send, for example `CONFIG SET`. */
  readonly allow: readonly string[]
  readonly fold?: NamedFold
  /** The lesson's file, absolute. */
  readonly file: string
  /** Markdown: what a learner who passed it knows, in a sentence. */
  readonly learned: string | undefined
  /** What comes before the first task. */
  readonly intro: readonly Token[]
  readonly tasks: readonly Task[]
  readonly quiz: readonly QuizQuestion[]
  /** What comes after the tasks, without the quiz: "In production", "Read next". */
  readonly outro: readonly Token[]
  readonly snippets: readonly Snippet[]
  /** The whole Markdown without front matter; it includes the hints and the right answers of the quiz. */
  readonly text: string
  /** The same as tokens, as the author wrote them. */
  readonly tokens: readonly Token[]
}

/** The text that a reader sees: neither hints nor the quiz, which would give the answers away. */
export function readerText({ intro, tasks, outro }: Pick<Lesson, 'intro' | 'tasks' | 'outro'>) {
  return [...intro, ...tasks.flatMap(({ text }) => text), ...outro]
}

export interface Course {
  /** The project's folder, absolute. */
  readonly root: string
  /** Ordered by number. */
  readonly lessons: readonly LessonSummary[]
  /** Reads one whole lesson. Throws UnknownLessonError (the slug must be exact) or BadLessonError. */
  lesson(slug: string): Promise<Lesson>
}

export interface Chapter {
  /** Counted from 1, in the order in which the lessons name them. */
  readonly number: number
  readonly title: string
  readonly lessons: readonly LessonSummary[]
}

/** The course's lessons by chapter. */
export function chapters({ lessons }: Pick<Course, 'lessons'>): readonly Chapter[] {
  const titles = [...new Set(lessons.map(({ chapter }) => chapter))]
  return titles.map((title, index) => ({
    number: index + 1,
    title,
    lessons: lessons.filter(({ chapter }) => chapter === title),
  }))
}
