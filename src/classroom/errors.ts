/** Something about the class can't be done as requested. The message is for people. */
export class ClassError extends Error {
  override readonly name = 'ClassError'
}

/** The hub, or the learner's side, can't reach the other. The message is for people. */
export class ClassUnreachableError extends Error {
  override readonly name = 'ClassUnreachableError'
  readonly address: string

  constructor(address: string, sentence: string) {
    super(sentence)
    this.address = address
  }
}
