/**
 * What the learner's code did that no answer may do; a test in which it happened fails, even if the error was
 * swallowed.
 */
let first: { readonly sentence: string; readonly stack: string | undefined } | undefined
let waiting: ((v: { sentence: string; stack: string | undefined }) => void)[] = []

export function reportViolation(sentence: string, stack: string | undefined): void {
  first ??= { sentence, stack }
  for (const tell of waiting.splice(0)) tell({ sentence, stack })
}

export function violation(): { readonly sentence: string; readonly stack: string | undefined } | undefined {
  return first
}

export function onViolation(tell: (v: { sentence: string; stack: string | undefined }) => void): () => void {
  waiting.push(tell)
  return () => {
    waiting = waiting.filter((other) => other !== tell)
  }
}

export function forgetViolations(): void {
  first = undefined
  waiting = []
}
