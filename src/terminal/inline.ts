import type { Token } from 'markdown-it'
import type { Palette, Style } from './palette.ts'
import type { Line, Span } from './text.ts'
import { span } from './text.ts'

/**
 * A diagnosis, or any other sentence of ours: text between backticks is code. If a message that it quotes has a backtick,
 * too, it can't be known which two are a pair.
 */
export function sentenceSpans(text: string, palette: Palette): Line {
  if (text.split('`').length % 2 === 0) return [span(text)]
  return text
    .split(/`([^`\n]+)`/)
    .map((part, index) => (index % 2 === 0 ? span(part) : codeSpan(part, palette)))
}

/** Without colors, code keeps its backticks. */
function codeSpan(code: string, { colours }: Palette, ...styles: readonly Style[]): Span {
  return span(colours ? code : `\`${code}\``, ...styles, 'cyan')
}

/** The text of a paragraph, heading, or cell. */
export function inlineSpans(tokens: readonly Token[], palette: Palette, ...styles: readonly Style[]): Line {
  const result: Span[] = []
  const active: Style[] = [...styles]
  const links: { readonly href: string; readonly from: number }[] = []
  const add = (text: string, ...more: readonly Style[]) => result.push(span(text, ...active, ...more))

  for (const token of tokens) {
    switch (token.type) {
      case 'strong_open':
        active.push('bold')
        break
      case 'em_open':
        active.push('italic')
        break
      case 's_open':
        active.push('strikethrough')
        break
      case 'link_open':
        links.push({ href: String(token.attrGet('href') ?? ''), from: result.length })
        active.push('underline')
        break
      case 'strong_close':
      case 'em_close':
      case 's_close':
        active.pop()
        break
      case 'link_close': {
        active.pop()
        const { href, from } = links.pop() ?? { href: '', from: result.length }
        const shown = result.slice(from).map(({ text }) => text)
        if (href !== '' && shown.join('') !== href && !toGlossary(href)) add(` (${href})`, 'dim')
        break
      }
      case 'code_inline':
        result.push(codeSpan(token.content, palette, ...active))
        break
      case 'image':
        add(`${token.content} (${token.attrGet('src') ?? ''})`, 'dim')
        break
      case 'softbreak':
        add(' ')
        break
      case 'hardbreak':
        add('\n')
        break
      default:
        add(token.content)
    }
  }
  return result
}

/** Underlining is enough: `find` has the word, and its address would interrupt the sentence. */
function toGlossary(href: string): boolean {
  return href.startsWith('GLOSSARY.md')
}
