import type { PackageManager } from './install.ts'

/** What the new folder is made from. */
export interface Blueprint {
  /** Shown as the title of its README. */
  readonly name: string
  /** Where npm gets the course from: `^1.2.0`, or the address of a tarball. */
  readonly course: string
  readonly manager: PackageManager
  /** The versions that the course was tested with. */
  readonly versions: Readonly<Record<Companion, string>>
}

/** Packages that belong to the learner: their code imports them, or their editor needs them. */
export const COMPANIONS = ['ioredis', 'testcontainers', '@types/node', 'typescript'] as const
export type Companion = (typeof COMPANIONS)[number]

/** Install scripts that nothing needs: each package has what it installs already, or does without it. */
const NO_SCRIPTS = ['cpu-features', 'esbuild', 'protobufjs', 'ssh2'] as const

/** A learner's folder: the text of each file, by its path. */
export function learnersFiles(blueprint: Blueprint): ReadonlyMap<string, string> {
  return new Map([
    ['package.json', json(manifest(blueprint))],
    ['tsconfig.json', json({ extends: 'eventlings/tsconfig.json', include: ['workspace'] })],
    ['README.md', readme(blueprint.name)],
    ['.gitignore', 'node_modules/\n.eventlings/\n'],
    ['.editorconfig', EDITOR_CONFIG],
    // Half a sentence of code that's saved by itself would be checked.
    ['.vscode/settings.json', json({ 'files.autoSave': 'off', 'files.eol': '\n', 'editor.tabSize': 2 })],
    // pnpm reads there what npm reads in package.json.
    ...(blueprint.manager === 'pnpm' ? [['pnpm-workspace.yaml', pnpmSettings()] as const] : []),
  ])
}

function manifest({ course, versions }: Blueprint) {
  // The learner's own answers first; where there's none yet, an editor still knows the types.
  const own = ['./workspace/*.ts', 'eventlings/solutions/*.ts']
  return {
    private: true,
    type: 'module',
    scripts: { start: 'eventlings' },
    imports: { '#lesson/*': own, '#built/*': own },
    dependencies: {
      eventlings: course,
      ioredis: versions.ioredis,
      testcontainers: versions.testcontainers,
    },
    devDependencies: { '@types/node': versions['@types/node'], typescript: versions.typescript },
    allowScripts: Object.fromEntries(NO_SCRIPTS.map((name) => [name, false])),
  }
}

function pnpmSettings(): string {
  return `allowBuilds:\n${NO_SCRIPTS.map((name) => `  ${name}: false\n`).join('')}`
}

function readme(name: string): string {
  return `# ${name}

My answers to eventlings, small exercises that teach event sourcing on Redis.

- \`npm install && npm start\` opens the guided walkthrough. It remembers where I left off.
- \`npx eventlings --help\` lists every command: \`list\`, \`read 01\`, \`check\`, \`watch\`, and more.
- My answers are in \`workspace/\`. To keep them in a repository, commit everything that's here.
- My progress is in \`.eventlings/\`, which git ignores. \`npx eventlings progress export\` takes it to another machine.
- \`npm update eventlings\` gets new lessons, and leaves my answers and my progress as they are.
`
}

const EDITOR_CONFIG = `root = true

[*]
charset = utf-8
end_of_line = lf
indent_size = 2
indent_style = space
insert_final_newline = true
`

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
