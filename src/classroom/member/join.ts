import { type Done, type Hello, type Joined, paths } from '../api.ts'
import { ClassError } from '../errors.ts'
import { fieldsOf } from '../json-file.ts'
import { limits } from '../limits.ts'
import { plainName, plainText } from '../projections/names.ts'
import { dropAnswers } from './answers.ts'
import { forgetMembership, type Membership, readMembership, writeMembership } from './membership.ts'
import { RefusedError, request } from './request.ts'
import { joinAgain } from './send.ts'

/** How long to wait while many others are joining (ms). */
const QUEUE = 120_000
/** How long to wait for one answer (ms): a whole room joins at once, and joining twice turns one participant into two. */
const ANSWER = 20_000

export interface JoinAs {
  readonly address: string
  readonly code: string
  readonly name: string
  readonly share: boolean
}

/**
 * Whether the class at this address is our class and recognizes our token: it has moved, or lost its data. Then no
 * code is needed. Another class never receives the token: there it would be a wrong guess, and a room full of those
 * would lock the door.
 */
export async function rejoin(folder: string, address: string): Promise<Membership | undefined> {
  const membership = readMembership(folder)
  if (membership === undefined) return undefined
  const hello = await request<Hello>({ address }, paths.hello)
  if (fieldsOf(hello.class).id !== membership.classId) return undefined
  try {
    await joinAgain({ ...membership, address })
  } catch (error) {
    if (error instanceof RefusedError) return undefined
    throw error
  }
  const moved = { ...membership, address }
  writeMembership(folder, moved)
  return moved
}

/**
 * Joins a class, and leaves any earlier one behind. `isNumbered`: someone there has that name already. Rejects with
 * ClassUnreachableError or RefusedError.
 */
export async function join(
  folder: string,
  { address, code, name, share }: JoinAs,
): Promise<Joined & { readonly isNumbered: boolean }> {
  const asked = { code: code.slice(0, 40), name: plainName(name), share }
  const joined = await request<Joined>({ address, waits: QUEUE, timeoutMs: ANSWER }, paths.join, asked)
  const { id: classId, name: className } = fieldsOf(joined.class)
  const { learner, token, label } = joined
  if (![classId, className, learner, token, label].every((one) => typeof one === 'string' && one !== '')) {
    throw new ClassError(`The server at ${address} isn't an eventlings class.`)
  }
  forgetMembership(folder)
  // What the hub sends is shown in this terminal.
  const shown = { name: plainName(String(className)), label: plainText(label, limits.text) }
  const membership = {
    address,
    classId: String(classId),
    className: shown.name,
    learner,
    token,
    name: asked.name,
    share,
  }
  writeMembership(folder, membership)
  return {
    ...joined,
    label: shown.label,
    isNumbered: shown.label !== asked.name,
    class: { ...joined.class, name: shown.name },
  }
}

/** Leaves the class: the hub deletes its data, and so do we. False if the hub couldn't be reached. */
export async function leave(folder: string, { address, token }: Membership): Promise<boolean> {
  try {
    await request<Done>({ address, token }, paths.leave, {})
    return true
  } catch {
    return false
  } finally {
    forgetMembership(folder)
  }
}

/**
 * Shows the learner's answers to the instructor from now on, or stops that; then those already sent are withdrawn.
 */
export async function setShare(folder: string, membership: Membership, share: boolean): Promise<void> {
  // First here: whatever the network does, no more answers are sent.
  if (!share) {
    writeMembership(folder, { ...membership, share })
    dropAnswers(folder)
  }
  await request<Done>({ address: membership.address, token: membership.token }, paths.share, { share })
  if (share) writeMembership(folder, { ...membership, share })
}
