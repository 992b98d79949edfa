/** Whether V8 ended a process because it kept too much, by what that process printed. */
export function ranOutOfMemory(output: string): boolean {
  return /heap out of memory|invalid array length Allocation failed/i.test(output)
}
