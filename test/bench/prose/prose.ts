import type { Kind } from './rule.ts'

/** A paragraph, a string, or a comment: what someone reads in one piece. */
export interface Prose {
  readonly kind: Kind
  /** As its author wrote it. */
  readonly text: string
  /** The same text, just as long, in which code is a row of x. The patterns read this one. */
  readonly masked: string
  /** The line of the file at which a character of the text is, counted from 1. */
  lineAt(offset: number): number
}

/** A paragraph in the making: it arrives in pieces, and some of them are code. */
export class ProseBuilder {
  #text = ''
  #masked = ''
  readonly #starts: { readonly offset: number; readonly line: number }[] = []

  /** Adds words that begin on this line of the file. */
  words(text: string, line: number): this {
    return this.#add(text, maskCode(text), line)
  }

  /** Adds code, which no pattern looks into. */
  code(text: string, line: number): this {
    return this.#add(text, mask(text), line)
  }

  /** Starts a new line of the text, wherever that is in the file. */
  newLine(): this {
    this.#text += '\n'
    this.#masked += '\n'
    return this
  }

  build(kind: Kind): Prose {
    const starts = [...this.#starts]
    const text = this.#text
    const lineAt = (offset: number) => {
      const piece = starts.findLast((start) => start.offset <= offset) ?? { offset: 0, line: 1 }
      return piece.line + (text.slice(piece.offset, offset).match(/\n/g)?.length ?? 0)
    }
    return { kind, text, masked: this.#masked, lineAt }
  }

  #add(text: string, masked: string, line: number): this {
    this.#starts.push({ offset: this.#text.length, line })
    this.#text += text
    this.#masked += masked
    return this
  }
}

/** Code in backticks inside of a string or a comment. */
function maskCode(text: string): string {
  return text.replace(/`[^`\n]+`/g, mask)
}

/** `7-0` becomes `0xx`, just as long, so that a pattern can still tell an ID from other code. */
function mask(code: string): string {
  const first = /\d/.test(code[1] ?? '') ? '0' : 'x'
  return `\`${first}${'x'.repeat(Math.max(code.length - 3, 0))}\``
}
