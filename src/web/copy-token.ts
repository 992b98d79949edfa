import type { Token } from 'markdown-it'

/** A token with some of its fields changed. Marks that belong to the old one (snippet-tokens.ts) stay with it. */
export function copyToken(token: Token, changes: Partial<Token>): Token {
  return Object.assign(Object.create(Object.getPrototypeOf(token)), token, changes) as Token
}
