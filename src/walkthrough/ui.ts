export interface Choice<Value> {
  readonly name: string
  readonly value: Value
}

/** A heading between choices. */
export interface Heading {
  readonly heading: string
}

/** Does work in place of the page, such as asking a question; then the page is back. */
export type Instead = <Result>(work: () => Promise<Result>) => Promise<Result>

/**
 * Runs what the page offers to run. Resolves with words from the text that is rendered from then on, to find the
 * place again; undefined if there's nothing to run.
 */
export type RunOnPage = (page: string, instead: Instead) => Promise<string | undefined>

/** How the walkthrough talks with a person; the tests have one that answers automatically. */
export interface Ui {
  readonly width: number
  /** A text, already painted, as its own paragraph. */
  print(text: string): void
  /** All of them reject with InterruptedError or inquirer's ExitPromptError after Ctrl-C. */
  choose<Value>(
    message: string,
    choices: readonly (Choice<Value> | Heading)[],
    preselected?: Value,
  ): Promise<Value>
  chooseSeveral<Value>(message: string, choices: readonly Choice<Value>[]): Promise<readonly Value[]>
  confirm(message: string): Promise<boolean>
  /** Shows a text page by page, and resolves with whether the reader got to its end. */
  read(render: (width: number) => Promise<string>, run?: RunOnPage): Promise<'end' | 'left'>
}
