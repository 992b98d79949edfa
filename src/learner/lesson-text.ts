import { type Lesson, type Task, withSamples } from '../course/index.ts'

/**
 * The lesson as a reader sees it: Markdown without hints, and without the quiz, which would give the answers away.
 */
export function lessonText(lesson: Lesson): string {
  const parts = [lesson.intro, ...lesson.tasks.map(taskText), lesson.outro].filter((part) => part !== '')
  return withSamples(parts.join('\n\n'))
}

export function taskText(task: Task): string {
  const needs = task.needs.length === 0 ? [] : [`*Needs ${task.needs.map(inWords).join(' and ')}.*`]
  return [`## Task ${task.number} · ${task.name}`, ...needs, task.text].join('\n\n')
}

function inWords(need: Task['needs'][number]): string {
  return WORDS[need]
}

const WORDS: Readonly<Record<Task['needs'][number], string>> = {
  'real-server': 'a real Redis server',
  'own-server': 'redis-server on this machine',
  cluster: 'redis-server on this machine, for a cluster',
}
