import type { Attempt } from './attempt.ts'

/**
 * Retries an answer that failed on the learner's own earlier files, this time on the model answers. Anything that
 * passes there failed because of those files. Returns the first attempt, and says so where that's true.
 */
export async function blameBuilt(own: Attempt, onModel: () => Promise<Attempt>): Promise<Attempt> {
  if (own.verdict.passed || own.builtOn.length === 0) return own
  const { verdict: model } = await onModel()
  const { diagnosis } = own.verdict
  const because = (what: string, said = '') => `${sentence(own.builtOn, what)} ${said}`.trimEnd()
  const passes = new Set(model.tasks.filter(({ state }) => state === 'passed').map(({ task }) => task))
  const isBlamed = (task: { readonly task: string; readonly state: string }) =>
    task.state === 'failed' && passes.has(task.task)
  const tasks = own.verdict.tasks.map((task) =>
    isBlamed(task) ? { ...task, diagnosis: because('this task passes', task.diagnosis) } : task,
  )
  // What ended the run is reported by the task in progress and by the verdict, in the same words.
  const ended = own.verdict.tasks.findIndex((task) => isBlamed(task) && task.diagnosis === diagnosis)
  const outer =
    diagnosis === undefined || model.diagnosis !== undefined
      ? diagnosis
      : (tasks[ended]?.diagnosis ?? because(model.passed ? 'your file passes' : 'your file runs', diagnosis))
  return { ...own, verdict: { ...own.verdict, tasks, ...(outer !== undefined && { diagnosis: outer }) } }
}

function sentence(files: readonly string[], what: string): string {
  const names = files.map((file) => file.replace(/^.*\//, ''))
  const list = new Intl.ListFormat('en').format(names)
  return `Built on your ${list}. With the model solution${names.length === 1 ? '' : 's'}, ${what}.`
}
