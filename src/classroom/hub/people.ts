import type { Participant } from '../projections/class-state.ts'
import { isPresent } from '../projections/present.ts'

/** Participants as people: two who are the same person count as one, and removed ones aren't present. */
export class People {
  #all: readonly Participant[]
  readonly #present: Participant[] = []
  readonly #byId = new Map<string, Participant>()
  readonly #members = new Map<string, string[]>()

  constructor(participants: readonly Participant[]) {
    this.#all = participants
    for (const one of participants) this.#include(one)
    for (const { id, into } of participants) {
      if (into === undefined) continue
      const person = this.personOf(id)
      this.#members.set(person, [...(this.#members.get(person) ?? []), id])
    }
  }

  /** In the order of joining. */
  get present(): readonly Participant[] {
    return this.#present
  }

  /**
   * Adds those who have joined since, and returns them; undefined if anything else has changed. Arranging thousands
   * again whenever someone joins would be most of a hub's work, and of its garbage.
   */
  addNew(participants: readonly Participant[]): readonly Participant[] | undefined {
    if (this.#all.some((one, index) => one !== participants[index])) return undefined
    const added = participants.slice(this.#all.length)
    if (!added.every(isPresent)) return undefined
    this.#all = participants
    for (const one of added) this.#include(one)
    return added
  }

  #include(one: Participant): void {
    this.#byId.set(one.id, one)
    if (isPresent(one)) this.#present.push(one)
  }

  get ids(): Iterable<string> {
    return this.#byId.keys()
  }

  find(id: string): Participant | undefined {
    return this.#byId.get(id)
  }

  isKnown(id: string): boolean {
    return this.#byId.has(id)
  }

  isPresent(id: string): boolean {
    const one = this.#byId.get(id)
    return one !== undefined && isPresent(one)
  }

  /** Follows the chain, which can't be longer than the class, even if it leads back to where it began. */
  personOf(id: string): string {
    let person = id
    for (let steps = 0; steps <= this.#byId.size; steps += 1) {
      const { into } = this.#byId.get(person) ?? {}
      if (into === undefined) return person
      person = into
    }
    return id
  }

  /** The person first. */
  membersOf(person: string): readonly string[] {
    return [person, ...(this.#members.get(person) ?? [])]
  }
}
