// Plain JavaScript that needs only Node: it has to work where the packages don't.
import { accessSync, constants, existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/**
 * Says what's wrong with the installed packages and what to do about it, in one sentence each; undefined if nothing
 * is wrong. Packages are looked up as Node does it, so they may be in a folder above the course (a workspace).
 */
export function packagesProblem(root) {
  if (root.includes('*')) {
    const finding = `The folder ${root} has a * in its name, and Node can't load every package from such a folder.`
    return { finding, remedy: 'Rename it.' }
  }
  const wanted = packagesOf(root)
  const missing = wanted.filter((name) => find(root, name) === undefined)
  if (missing.length > 0) {
    const all = missing.length === wanted.length
    const more = missing.length - 3
    const names = more > 0 ? `${missing.slice(0, 3).join(', ')}, and ${more} more` : missing.join(', ')
    const finding = all
      ? "The course's packages aren't installed."
      : `Some of the course's packages aren't installed: ${names} ${missing.length === 1 ? 'is' : 'are'} missing.`
    // Otherwise npm leaves out what a published build has built in.
    const flag = process.env.NODE_ENV === 'production' ? ' --include=dev' : ''
    return { finding, remedy: `Run "npm install${flag}" in ${installFolder(root)}.` }
  }
  return otherPlatform(root)
}

/** In a clone, all that the program is built from; in the npm package, only what isn't built in. */
function packagesOf(root) {
  const { dependencies = {}, devDependencies = {} } = readJson(join(root, 'package.json'))
  const isClone = existsSync(join(root, 'src', 'cli', 'main.ts'))
  return Object.keys(isClone ? { ...dependencies, ...devDependencies } : dependencies)
}

/** The npm package is in the node_modules of the folder that has to be installed again. */
function installFolder(root) {
  return root.split(/[\\/]node_modules[\\/]/)[0]
}

/** esbuild is a separate program for each platform, and the course can't run without it. */
function otherPlatform(root) {
  const esbuild = find(root, 'esbuild')
  if (esbuild === undefined || process.env.ESBUILD_BINARY_PATH) return undefined
  const here = `${process.platform}-${process.arch}`
  const real = realpathSync(esbuild)
  if (find(real, `@esbuild/${here}`) !== undefined) return undefined
  const { optionalDependencies = {} } = readJson(join(real, 'package.json'))
  if (!(`@esbuild/${here}` in optionalDependencies)) return undefined // esbuild uses another name for this platform
  const installed = Object.keys(optionalDependencies).find((name) => find(real, name) !== undefined)
  const remedy = `Run "npm ci" in ${installFolder(root)}.`
  if (installed === undefined) {
    return {
      finding: `The package @esbuild/${here} is missing, because npm leaves it out with --omit=optional.`,
      remedy,
    }
  }
  const there = installed.slice('@esbuild/'.length)
  return {
    finding: `The packages in node_modules were installed for ${there}, but this machine is ${here}.`,
    remedy,
  }
}

/** What keeps the program from starting, as `doctor` shows it. */
export function firstAid(root) {
  const problem = packagesProblem(root)
  const temporary = tmpdir()
  return [
    { name: 'Node', state: 'ok', finding: `Node ${process.version}.` },
    problem === undefined
      ? { name: 'Packages', state: 'ok', finding: 'All packages are installed.' }
      : { name: 'Packages', state: 'fail', ...problem },
    canWrite(temporary)
      ? { name: 'Temporary files', state: 'ok', finding: `${temporary} is writable.` }
      : {
          name: 'Temporary files',
          state: 'fail',
          finding: `${temporary} isn't writable.`,
          remedy: 'Set TMPDIR to a folder of your own.',
        },
  ]
}

/** The folder of an installed package, as a file in `from` would find it. An empty folder isn't a package. */
function find(from, name) {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name)
    if (existsSync(candidate) && readdirSync(candidate).length > 0) return candidate
    if (folder === dirname(folder)) return undefined
  }
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return {}
  }
}

function canWrite(folder) {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}
