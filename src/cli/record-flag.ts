import { statSync } from 'node:fs'
import path from 'node:path'
import { UsageError } from '../common/exit.ts'
import { writeRecording } from '../learner/index.ts'
import type { Learner } from '../learner/learner.ts'
import type { Recording } from '../recording/index.ts'

/** What `--record FILE` and `--task` ask for. */
export interface RecordFlag {
  /** The name of the task that `--task` numbers. Throws UsageError if the lesson has no such task. */
  taskName(learner: Pick<Learner, 'course'>, slug: string): Promise<string | undefined>
  /** Writes the file and returns a sentence about it. Throws UsageError if it can't be written. */
  keep(recording: Recording | undefined): string
}

/** Throws UsageError now if the file couldn't be written later, because a check takes a while. */
export function recorderFor(record: string, wanted: number | undefined): RecordFlag {
  const file = path.resolve(record)
  const [folder, there] = [kindOf(path.dirname(file)), kindOf(file)]
  if (folder !== 'folder') throw new UsageError(`There's no folder ${path.dirname(file)} for the recording.`)
  if (there !== undefined && there !== 'file') {
    throw new UsageError(`--record needs the name of a file, but ${record} isn't a file.`)
  }
  return {
    async taskName({ course }, slug) {
      if (wanted === undefined) return undefined
      const { number, tasks } = await course.lesson(slug)
      const found = tasks.find((one) => one.number === wanted)
      if (found !== undefined) return found.name
      const names = tasks.map((one) => `${one.number} ${one.name}`).join(', ')
      throw new UsageError(`Lesson ${number} has no task ${wanted}. It has ${names}.`)
    },
    keep(recording) {
      if (recording === undefined) return 'No test ran, so nothing was recorded.'
      try {
        writeRecording(file, recording)
      } catch (error) {
        throw new UsageError(`The recording couldn't be written to ${file}: ${(error as Error).message}`)
      }
      const { task, test, note } = recording
      const sentence = `Recorded the test "${test}" of ${task} in ${record}.`
      return note === undefined ? sentence : `${sentence} ${note}`
    },
  }
}

function kindOf(place: string): 'file' | 'folder' | 'other' | undefined {
  const stats = statSync(place, { throwIfNoEntry: false })
  if (stats === undefined) return undefined
  return stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : 'other'
}
