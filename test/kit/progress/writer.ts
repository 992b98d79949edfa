/**
 * A separate program that records: `writer.ts FOLDER LABEL COUNT`. It says `ready`, waits for a line, and prints the number of each event
 * when it is saved.
 */
import { once } from 'node:events'
import { openProgress } from '../../../src/progress/index.ts'

const [folder = '', label = '', count = '0'] = process.argv.slice(2)
const progress = openProgress(folder)
console.log('ready')
await once(process.stdin, 'data')
for (let number = 0; number < Number(count); number += 1) {
  await progress.record('LESSON_OPENED', `${label}-${number}`, {})
  console.log(number)
}
for (const notice of progress.notices) console.error(notice)
process.stdin.destroy()
