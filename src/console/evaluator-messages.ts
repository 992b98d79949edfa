/** To the process with the learner's functions: JavaScript to evaluate. */
export interface ToEvaluator {
  readonly code: string
}

export type FromEvaluator =
  | { readonly kind: 'ready'; readonly names: readonly string[] }
  | { readonly kind: 'printed' | 'value' | 'threw'; readonly text: string }
