import { editorCommand } from '../../learner/editor.ts'
import { findExecutable } from '../../redis/executables.ts'
import type { Palette } from '../../terminal/palette.ts'
import { type Finding, ok, warn } from './finding.ts'

export interface TerminalFacts {
  /** Why menus and keys don't work; undefined if they do. */
  readonly noPrompt: string | undefined
  /** Undefined without a terminal. */
  readonly columns: number | undefined
  readonly palette: Pick<Palette, 'colours' | 'unicode'>
}

export function terminalFindings(facts: TerminalFacts, env: NodeJS.ProcessEnv): readonly Finding[] {
  return [terminal(facts), editor(env)]
}

function terminal({ noPrompt, columns, palette }: TerminalFacts): Finding {
  const name = 'Terminal'
  if (noPrompt !== undefined) {
    const remedy = 'The walkthrough and the watch screen need a terminal; everything else works without one.'
    return warn(name, noPrompt, remedy)
  }
  const can = `${palette.colours ? 'colors' : 'no colors'}, ${palette.unicode ? 'Unicode' : 'ASCII only'}`
  const finding = `${columns ?? 80} columns, ${can}.`
  if (columns !== undefined && columns < 60) return warn(name, finding, 'Make it at least 60 columns wide.')
  return ok(name, finding)
}

function editor(env: NodeJS.ProcessEnv): Finding {
  const name = 'Editor'
  const [program] = editorCommand(env) ?? []
  const remedy = 'Set EDITOR to your favorite editor, such as nano or code, or open your files by hand.'
  if (program === undefined) return warn(name, 'Neither VISUAL nor EDITOR is set.', remedy)
  const isThere = /[\\/]/.test(program) || findExecutable([program], env) !== undefined
  return isThere ? ok(name, `${program}.`) : warn(name, `${program} isn't on the PATH.`, remedy)
}
