/** Something about the class cannot be done as asked. The message is for people. */
export class ClassError extends Error {
  override readonly name = 'ClassError'
}

/** The hub, or the learner's side, cannot reach the other. The message is for people. */
export class ClassUnreachableError extends Error {
  override readonly name = 'ClassUnreachableError'
  readonly address: string

  constructor(address: string, sentence: string) {
    super(sentence)
    this.address = address
  }
}
