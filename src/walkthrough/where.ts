import { shownPath } from '../common/shown-path.ts'
import type { Lesson } from '../course/index.ts'
import { lastCheck, taskAtHand } from '../learner/last-check.ts'
import { chosenTrack, lessonAfter, lessonsAhead } from '../learner/learner.ts'
import { isPassed, passedOf } from '../progress/index.ts'
import { stateWord } from '../terminal/index.ts'
import type { Walk } from './walk.ts'

/** Where the learner is, for someone who comes back after a week, as Markdown. */
export async function whereText({ learner, bookmarks }: Walk, lesson: Lesson): Promise<string> {
  const { progress, home } = learner
  const overview = progress.overview()
  const own = overview.lesson(lesson.slug)
  const way = lessonsAhead(learner)
  const track = chosenTrack(learner)
  const on = track === undefined ? 'the course' : `the track ${track.name}`
  const share = bookmarks.get(lesson.slug)?.share ?? 0
  const read =
    own.readAt !== undefined
      ? "You've read it to the end."
      : share > 0
        ? `You've read ${Math.round(share * 100)}% of it.`
        : "You haven't read it to the end yet."
  const earlier = overview.lessons
    .filter((one) => one.slug !== lesson.slug && one.passedAt !== undefined)
    .toSorted((a, b) => String(a.passedAt).localeCompare(String(b.passedAt)))
    .slice(-3)
    .map(({ slug, passedAt }) => `- ${slug}, passed on ${day(passedAt ?? '')}`)
  const next = lessonAfter(learner, lesson)
  return [
    `# Where you are`,
    `**Lesson ${lesson.number} · ${lesson.title}** (${stateWord(own.state)}). ${read}`,
    ...atTask(learner, lesson),
    `Your file: \`${shownPath(home.answer(lesson.slug))}\``,
    `You've passed ${passedOf(overview, way)} of ${way.length} lessons in ${on}.`,
    ...(earlier.length === 0 ? [] : [`## Before that\n\n${earlier.join('\n')}`]),
    ...(isPassed(own) && next !== undefined
      ? [`\`n\` goes to the next lesson, ${next.number} · ${next.title}.`]
      : []),
  ].join('\n\n')
}

function atTask(learner: Walk['learner'], lesson: Lesson): readonly string[] {
  const check = lastCheck(learner, lesson.slug)
  const task = taskAtHand(learner, lesson)
  if (check === undefined)
    return [`You haven't checked an answer yet. The lesson has ${lesson.tasks.length} tasks.`]
  if (task === undefined) return ['Every task passed in the last check.']
  const shown = learner.progress.overview().lesson(lesson.slug).hints[task.number] ?? 0
  const hints = shown === 0 ? '' : ` You've seen ${shown} of its ${task.hints.length} hints.`
  const said =
    'diagnosis' in check && check.diagnosis !== '' ? [`> ${check.diagnosis.replaceAll('\n', '\n> ')}`] : []
  return [
    `You're on task ${task.number} of ${lesson.tasks.length}, ${task.name}.${hints} The last check:`,
    ...said,
  ]
}

function day(timestamp: string): string {
  const at = new Date(timestamp)
  return Number.isNaN(at.getTime())
    ? timestamp
    : at.toLocaleDateString('en-US', { month: 'long', day: 'numeric' })
}
