/** A command of the suite's own clients, which may change something while the learner's code is at work. */
export interface ForeignCommand {
  readonly name: string
  readonly args: readonly string[]
  /** A moment, and a time of this process's clock (ms), as those of the learner's commands are. */
  readonly sent: number
  readonly sentAt: number
}
