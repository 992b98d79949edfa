import type { Participant } from '../projections/class-state.ts'

/** Participants as people: two who are the same person count as one, and removed ones aren't present. */
export class People {
  /** In the order of joining. */
  readonly present: readonly Participant[]
  readonly #byId: ReadonlyMap<string, Participant>
  readonly #members = new Map<string, string[]>()

  constructor(participants: readonly Participant[]) {
    this.#byId = new Map(participants.map((one) => [one.id, one]))
    this.present = participants.filter(({ id }) => this.isPresent(id))
    for (const { id, into } of participants) {
      if (into === undefined) continue
      const person = this.personOf(id)
      this.#members.set(person, [...(this.#members.get(person) ?? []), id])
    }
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
    return one !== undefined && one.removedAt === undefined && one.into === undefined
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
