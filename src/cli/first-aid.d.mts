import type { Finding } from './doctor/finding.ts'

export function packagesProblem(
  root: string,
): { readonly finding: string; readonly remedy: string } | undefined
export function firstAid(root: string): readonly Finding[]
