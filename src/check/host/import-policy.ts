import { builtinModules } from 'node:module'

/** Built-in modules that would let an answer leave its process or the check's sight. */
const REFUSED_BUILTINS = new Set([
  'child_process',
  'cluster',
  'worker_threads',
  'vm',
  'inspector',
  'inspector/promises',
  'module',
  'v8',
  'repl',
  'dgram',
  'wasi',
])
const BUILTINS = new Set(builtinModules)

export type ImportVerdict =
  | { readonly kind: 'builtin' | 'relative' | 'package' }
  | { readonly kind: 'built'; readonly slug: string }
  | { readonly kind: 'refused'; readonly why: string }

/** What an answer may import. */
export function judgeImport(specifier: string): ImportVerdict {
  const plain = specifier.replace(/^node:/, '')
  if (specifier.startsWith('node:') || BUILTINS.has(plain)) {
    if (!REFUSED_BUILTINS.has(plain)) return { kind: 'builtin' }
    return refused(
      `Your file imports \`${specifier}\`. An answer works inside its own process and doesn't need that module.`,
    )
  }
  if (specifier.startsWith('#built/')) return { kind: 'built', slug: specifier.slice('#built/'.length) }
  if (specifier.startsWith('#')) {
    return refused(
      `Your file imports \`${specifier}\`, which is part of the check. An answer can import \`ioredis\`, \`node:\` modules, other files in \`workspace/\`, and \`#built/…\`.`,
    )
  }
  if (specifier === 'vitest' || specifier.startsWith('@vitest/') || specifier.startsWith('vitest/')) {
    return refused(
      `Your file imports \`${specifier}\`, which is part of the check. An answer doesn't test itself.`,
    )
  }
  if (/^\.{1,2}(\/|$)/.test(specifier)) return { kind: 'relative' }
  if (/^([/\\]|[A-Za-z]:|\w+:\/\/)/.test(specifier)) {
    return refused(
      `Your file imports \`${specifier}\` by an absolute path. Import it relative to your file instead.`,
    )
  }
  return { kind: 'package' }
}

function refused(why: string): ImportVerdict {
  return { kind: 'refused', why }
}
