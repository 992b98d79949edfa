import type { Course } from '../course/index.ts'
import type { ProgressLog } from '../progress/index.ts'

export const HELP = `Write in your own editor and save: the verdict appears here by itself.

- \`h\` shows the next hint for the first task that fails; again, the one after it.
- \`s\` shows the solution, \`d\` compares your file with it; both ask first, if you have not passed yet.
- \`n\` and \`p\` go to the next and the previous lesson; nothing moves on by itself.
- \`e\` opens your file in the editor that \`$VISUAL\` or \`$EDITOR\` names.
- \`r\` runs the check again. \`x\` begins the lesson anew and keeps your file.
- \`q\` or Ctrl-C leaves; everything is where you left it when you come back.`

/** All lessons with their state, the one under watch marked. */
export function lessonLines(course: Course, progress: ProgressLog, here: string): string {
  const overview = progress.overview()
  return course.lessons
    .map(({ slug, title, number }) => {
      return `${slug === here ? '>' : ' '} ${number} ${title} · ${overview.lesson(slug).state}`
    })
    .join('\n')
}
