import type { TaskResult } from '../check/index.ts'

/** `3 passed, 1 needs a real server`: the tasks of a check by state, in words. */
export function summaryOf(tasks: readonly Pick<TaskResult, 'state' | 'reason'>[]): string {
  const counts = new Map<string, number>()
  for (const task of tasks) {
    const group = groupOf(task)
    counts.set(group, (counts.get(group) ?? 0) + 1)
  }
  const groups = [...counts].sort(([a], [b]) => rank(a) - rank(b))
  return groups.map(([group, count]) => `${count} ${count > 1 ? plural(group) : group}`).join(', ')
}

function groupOf({ state, reason = '' }: Pick<TaskResult, 'state' | 'reason'>): string {
  if (state !== 'skipped') return state
  if (/cluster/i.test(reason)) return 'needs a cluster'
  return /real.*server/i.test(reason) ? 'needs a real server' : 'skipped'
}

function rank(group: string): number {
  const order = ['passed', 'failed', 'not reached']
  return order.includes(group) ? order.indexOf(group) : order.length
}

function plural(group: string): string {
  return group.replace(/^needs/, 'need')
}
