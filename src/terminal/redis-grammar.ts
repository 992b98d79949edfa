import type { LanguageRegistration } from 'shiki/core'

/** Transcripts of redis-cli: `> COMMAND arguments` and what it prints, including placeholders such as `<id>`. */
export const redisGrammar: LanguageRegistration = {
  name: 'redis',
  scopeName: 'source.redis-transcript',
  patterns: [{ include: '#command' }, { include: '#error' }, { include: '#reply' }],
  repository: {
    command: {
      begin: '^(>) *([A-Za-z]+)',
      beginCaptures: { 1: { name: 'comment' }, 2: { name: 'keyword' } },
      end: '$',
      patterns: [{ include: '#string' }, { include: '#placeholder' }, { include: '#number' }],
    },
    error: { match: '\\(error\\).*$', name: 'markup.deleted' },
    reply: {
      patterns: [
        { match: '\\b\\d+\\)(?= )', name: 'comment' },
        { match: '\\((?:integer|nil|empty array)\\)', name: 'comment' },
        { include: '#string' },
        { include: '#placeholder' },
        { include: '#number' },
      ],
    },
    string: { match: '"(?:[^"\\\\]|\\\\.)*"|\'[^\']*\'', name: 'string' },
    placeholder: { match: '<(?:id|uuid|time|ms|any)>', name: 'variable' },
    number: { match: '(?<![\\w:-])-?\\d+(?:\\.\\d+)?(?![\\w:-])', name: 'constant.numeric' },
  },
}
