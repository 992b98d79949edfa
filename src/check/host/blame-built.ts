import type { Attempt } from './attempt.ts'

type Task = Attempt['verdict']['tasks'][number]

/**
 * Retries an answer that failed on the learner's own earlier files: on the model answers and, if there are several such
 * files, with one of them at a time replaced. What passes then failed because of those files. Returns the first attempt,
 * and says so where that's true.
 */
export async function blameBuilt(
  own: Attempt,
  onModels: () => Promise<Attempt>,
  onModelOf: (file: string) => Promise<Attempt>,
): Promise<Attempt> {
  if (own.verdict.passed || own.builtOn.length === 0) return own
  const { verdict: model } = await onModels()
  const isBlamed = (task: Task) => task.state === 'failed' && passes(model, task)
  if (
    !own.verdict.tasks.some(isBlamed) &&
    (own.verdict.diagnosis === undefined || model.diagnosis !== undefined)
  )
    return own
  const singly = new Map<string, Attempt['verdict']>()
  if (own.builtOn.length > 1)
    for (const file of own.builtOn) singly.set(file, (await onModelOf(file)).verdict)
  /** The files that are each enough to blame, or all of them together. */
  const guilty = (isBetter: (verdict: Attempt['verdict']) => boolean) => {
    const alone = own.builtOn.filter((file) => isBetter(singly.get(file) ?? model))
    return alone.length === 0 ? own.builtOn : alone
  }
  const tasks = own.verdict.tasks.map((task) => {
    if (!isBlamed(task)) return task
    const files = guilty((verdict) => passes(verdict, task))
    return { ...task, diagnosis: because(files, 'this task passes', task.diagnosis) }
  })
  const { diagnosis } = own.verdict
  // What ended the run is reported by the task in progress and by the verdict, in the same words.
  const ended = own.verdict.tasks.findIndex((task) => isBlamed(task) && task.diagnosis === diagnosis)
  const outer =
    diagnosis === undefined || model.diagnosis !== undefined
      ? diagnosis
      : (tasks[ended]?.diagnosis ??
        because(
          guilty((verdict) => verdict.diagnosis === undefined),
          model.passed ? 'your file passes' : 'your file runs',
          diagnosis,
        ))
  return { ...own, verdict: { ...own.verdict, tasks, ...(outer !== undefined && { diagnosis: outer }) } }
}

function passes({ tasks }: Attempt['verdict'], { task }: Task): boolean {
  return tasks.some((one) => one.task === task && one.state === 'passed')
}

function because(files: readonly string[], what: string, said = ''): string {
  const names = files.map((file) => file.replace(/^.*[\\/]/, ''))
  const list = new Intl.ListFormat('en').format(names)
  return `Built on your ${list}. With the model solution${names.length === 1 ? '' : 's'}, ${what}. ${said}`.trimEnd()
}
