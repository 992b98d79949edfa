import { builtOnYours } from '../built-on.ts'
import type { Attempt } from './attempt.ts'

type Verdict = Attempt['verdict']
type Task = Verdict['tasks'][number]

/**
 * Retries an answer that failed on the learner's own earlier files: on the model solutions and, if there are several such
 * files, with one of them at a time replaced. What passes then failed because of those files. Returns the first attempt,
 * and says so where that's true; unchanged if a retry has no verdict.
 */
export async function blameBuilt(
  own: Attempt,
  onModels: () => Promise<Attempt | undefined>,
  onModelOf: (file: string) => Promise<Attempt | undefined>,
): Promise<Attempt> {
  const { verdict, builtOn } = own
  if (verdict.passed || builtOn.length === 0) return own
  const model = (await onModels())?.verdict
  if (model === undefined) return own
  const isBlamed = (task: Task) => task.state === 'failed' && passes(model, task)
  const hasEnded = verdict.diagnosis !== undefined && model.diagnosis === undefined
  if (!hasEnded && !verdict.tasks.some(isBlamed)) return own
  const singly = new Map<string, Verdict | undefined>()
  if (builtOn.length > 1) for (const file of builtOn) singly.set(file, (await onModelOf(file))?.verdict)
  const because = (isBetter: (verdict: Verdict) => boolean, what: string, said = '') => {
    const alone = builtOn.filter((file) => {
      const replaced = singly.get(file)
      return replaced !== undefined && isBetter(replaced)
    })
    return `${builtOnYours(alone.length === 0 ? builtOn : alone, what)} ${said}`.trimEnd()
  }
  const tasks = verdict.tasks.map((task) =>
    isBlamed(task)
      ? { ...task, diagnosis: because((one) => passes(one, task), 'this task passes', task.diagnosis) }
      : task,
  )
  if (!hasEnded) return { ...own, verdict: { ...verdict, tasks } }
  // What ended the run is reported by the task in progress and by the verdict, in the same words.
  const ended = verdict.tasks.findIndex((task) => isBlamed(task) && task.diagnosis === verdict.diagnosis)
  const what = model.passed ? 'your file passes' : 'your file runs'
  const diagnosis =
    tasks[ended]?.diagnosis ?? because((one) => one.diagnosis === undefined, what, verdict.diagnosis)
  return { ...own, verdict: { ...verdict, tasks, diagnosis } }
}

function passes({ tasks }: Verdict, { task }: Task): boolean {
  return tasks.some((one) => one.task === task && one.state === 'passed')
}
