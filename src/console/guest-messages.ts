/** To the process with the learner's functions: JavaScript to evaluate. */
export interface ToGuest {
  readonly code: string
}

export type FromGuest =
  | { readonly kind: 'ready'; readonly names: readonly string[] }
  | { readonly kind: 'printed' | 'value' | 'threw'; readonly text: string }
