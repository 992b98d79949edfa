import { rmSync } from 'node:fs'
import path from 'node:path'
import { replaceFile } from '../../common/replace-file.ts'
import { escapeHtml } from '../code.ts'

/**
 * Writes a page, for this user's eyes only, that leads to an address: every user of a machine can read the arguments of
 * a browser that's being started, and the address lets one in. Returns the page's path.
 */
export function writeDoor(folder: string, address: string): string {
  const file = doorIn(folder)
  const page = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>eventlings</title>
<meta http-equiv="refresh" content="0;url=${escapeHtml(address)}"></head>
<body><p><a href="${escapeHtml(address)}">Go to the workbench</a></p></body></html>
`
  replaceFile(file, Buffer.from(page), 0o600)
  return file
}

export function removeDoor(folder: string): void {
  rmSync(doorIn(folder), { force: true })
}

function doorIn(folder: string): string {
  return path.join(folder, 'open-workbench.html')
}
