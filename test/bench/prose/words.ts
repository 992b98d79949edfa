import type { Prose } from './prose.ts'

export interface Word {
  readonly text: string
  readonly offset: number
}

/** The words that have a spelling: no names in camelCase, no commands in capitals, no paths, addresses, or flags. */
export function wordsOf({ masked }: Prose): readonly Word[] {
  return [...masked.matchAll(/\S+/g)].flatMap(({ 0: token, index }) =>
    /[/\\_@#$<>={}[\]|`]|\w[.:(]\w|\w\(|^-|\d/.test(token) ? [] : parts(token, index),
  )
}

function parts(token: string, offset: number): readonly Word[] {
  return [...token.matchAll(/\p{L}+(?:['’]\p{L}+)*/gu)]
    .map(({ 0: text, index }) => ({ text, offset: offset + index }))
    .filter(({ text }) => text.length > 2 && !/\p{Ll}\p{Lu}|\p{Lu}{2}/u.test(text))
}
