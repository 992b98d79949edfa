import type { PluginBuild } from 'esbuild'

/** The URL of the main file's build, or undefined where it can't be kept. */
export function builtProgram(root: string): Promise<string | undefined>
export function keepPlaces(plugin: PluginBuild): void
