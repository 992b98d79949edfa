// Plain JavaScript: the program's first build needs it before anything can read TypeScript.

/** How esbuild turns our TypeScript into modules for every Node that we support. */
export const moduleOptions = {
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  keepNames: true,
  logLevel: 'silent',
  outExtension: { '.js': '.mjs' },
}

/** Bundled CommonJS code calls `require` for Node's own modules. */
export const requireBanner =
  "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);"
