import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { loadConfig, spellCheckDocument, suggestionsForWord } from 'cspell-lib'
import type { Hit } from './rule.ts'

/** The dictionary, with the course's own words: the same file that an editor's extension for cspell reads. */
export const WORD_LIST = '.cspell.config.yaml'

/** Which of these words neither American English nor the course's list knows. Each is asked for once. */
export async function misspelled(root: string, words: Iterable<string>): Promise<ReadonlySet<string>> {
  const settings = await settingsIn(root)
  const text = [...new Set(words)].join('\n')
  const uri = pathToFileURL(path.join(root, 'words.txt')).href
  const { issues } = await spellCheckDocument(
    { uri, text, languageId: 'plaintext' },
    { noConfigSearch: true, generateSuggestions: false },
    {
      ...settings,
      maxNumberOfProblems: Number.MAX_SAFE_INTEGER,
      maxDuplicateProblems: Number.MAX_SAFE_INTEGER,
    },
  )
  return new Set(issues.map((issue) => text.slice(...lineAround(text, issue.offset))))
}

/** Adds what the word may have been meant to be. This is slow, so it's only done for hits that are shown. */
export async function withSuggestions(root: string, hit: Hit): Promise<Hit> {
  if (hit.word === undefined) return hit
  const options = { languageId: 'plaintext', numSuggestions: 3 }
  const { suggestions } = await suggestionsForWord(hit.word, options, await settingsIn(root))
  const words = suggestions.filter(({ forbidden, noSuggest }) => !forbidden && !noSuggest)
  const write = [...words.map(({ word }) => word), `or add "${hit.word}" to ${WORD_LIST}`].join(', ')
  return { ...hit, write }
}

async function settingsIn(root: string) {
  return loadConfig(path.join(root, WORD_LIST))
}

/** An issue may be a part of a word, such as one half of a hyphenated one. */
function lineAround(text: string, offset: number): [number, number] {
  const end = text.indexOf('\n', offset)
  return [text.lastIndexOf('\n', offset) + 1, end === -1 ? text.length : end]
}
