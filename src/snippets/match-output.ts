import { escapePattern } from '../common/escape-pattern.ts'

/** What differs from run to run, and what it looks like. */
const PLACEHOLDERS: Readonly<Record<string, string>> = {
  '<id>': '\\d+-\\d+',
  '<uuid>': '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}',
  '<time>': '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)?Z',
  '<ms>': '-?\\d+(?:\\.\\d+)?',
  '<any>': '.*',
}

/** Whether output is what a lesson shows. Spaces at the ends of lines don't count. */
export function matchesOutput(shown: string, actual: string): boolean {
  return pattern(shown).test(tidy(actual))
}

function pattern(shown: string): RegExp {
  const source = tidy(shown)
    .split(/(<(?:id|uuid|time|ms|any)(?::[^>]*)?>)/)
    .map((part) => PLACEHOLDERS[part.replace(/:[^>]*>$/, '>')] ?? escapePattern(part))
    .join('')
  return new RegExp(`^${source}$`, 'u')
}

function tidy(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .trim()
}
