import type { BuildOptions } from 'esbuild'

export const moduleOptions: Pick<
  BuildOptions,
  'bundle' | 'format' | 'platform' | 'target' | 'keepNames' | 'logLevel' | 'outExtension'
>
export const requireBanner: string
