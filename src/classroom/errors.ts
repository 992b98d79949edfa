import { Exit } from '../common/exit.ts'

/** Something about the class can't be done as requested. The message is for people. */
export class ClassError extends Error {
  override readonly name = 'ClassError'
  readonly exitCode = Exit.wrongUse
}

/** The hub, or the learner's side, can't reach the other. The message is for people. */
export class ClassUnreachableError extends Error {
  override readonly name = 'ClassUnreachableError'
  readonly exitCode = Exit.machine
  readonly address: string

  constructor(address: string, sentence: string) {
    super(sentence)
    this.address = address
  }
}

/** The class, or what it keeps of one participant, is full: nothing of the request was stored. */
export class ClassFullError extends Error {
  override readonly name = 'ClassFullError'
  readonly what: keyof typeof sentences

  constructor(what: keyof typeof sentences) {
    super(sentences[what])
    this.what = what
  }
}

const sentences = {
  participant:
    "You've reached the limit of what the class stores for one learner. Nothing is lost: your progress stays on your machine.",
  class: 'The class is full. Nothing is lost: your progress stays on your machine.',
  joining: 'The class is full, so no one else can join it. Ask your instructor what to do.',
  instructor:
    "The class's Redis has no memory left, so it can't store that. Raise its maxmemory, or use Redis 7.0 or newer, where you can still lead the class.",
  redis:
    "The class is full: its Redis has no memory left. Nothing is lost: it's sent again once your instructor has made room.",
} as const
