/** What the system says when a file can't be used, in words; undefined for what it rarely says. */
export function inWords(code: string | undefined): string | undefined {
  return bySystem[code ?? '']
}

/** Whether there's no room for a file. */
export function isOutOfSpace(code: string | undefined): boolean {
  return code === 'ENOSPC' || code === 'EDQUOT'
}

const bySystem: Readonly<Record<string, string>> = {
  EACCES: "you don't have permission",
  EPERM: "the system doesn't permit it",
  EROFS: 'the disk is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'your disk quota is used up',
  EMFILE: 'too many files are open',
  ENOENT: "it doesn't exist",
  ENOTDIR: "part of its path isn't a folder",
  EISDIR: "it's a folder",
}
