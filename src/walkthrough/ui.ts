export interface Choice<Value> {
  readonly name: string
  readonly value: Value
}

/** A heading between choices. */
export interface Heading {
  readonly heading: string
}

/** Does work in the place of the page, such as a question; then the page is back. */
export type Instead = <Result>(work: () => Promise<Result>) => Promise<Result>

/**
 * Runs what the page offers to run. Resolves with words of the text that is rendered from then on, by which the place is
 * found again; undefined where nothing is offered.
 */
export type RunOnPage = (page: string, instead: Instead) => Promise<string | undefined>

/** How the walkthrough talks with a person; the tests have one that answers by itself. */
export interface Ui {
  readonly width: number
  /** A text, already painted, as a paragraph of its own. */
  print(text: string): void
  /** All of them reject with InterruptedError or inquirer's ExitPromptError after Ctrl-C. */
  choose<Value>(
    message: string,
    choices: readonly (Choice<Value> | Heading)[],
    preselected?: Value,
  ): Promise<Value>
  chooseSeveral<Value>(message: string, choices: readonly Choice<Value>[]): Promise<readonly Value[]>
  confirm(message: string): Promise<boolean>
  /** Shows a text page by page, and says whether the reader came to its end. */
  read(render: (width: number) => Promise<string>, run?: RunOnPage): Promise<'end' | 'left'>
}
