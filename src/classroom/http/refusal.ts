/** Ends a request with a sentence. `wait` in seconds, for clients that ask too often. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: 400 | 401 | 403 | 404 | 410 | 413 | 421 | 429 | 503
  readonly wait: number | undefined

  constructor(status: Refusal['status'], sentence: string, wait?: number) {
    super(sentence)
    this.status = status
    this.wait = wait
  }
}
