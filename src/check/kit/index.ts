/** What lesson suites use. They import this, Vitest and `#lesson/…`, and nothing else of the kit. */

export type { Need } from '../../redis/types.ts'
export { callAtOnce } from './at-once.ts'
export { attempt, type CallOptions, call, callError, type Outcome } from './call.ts'
export { connectionsStillOpen } from './connections.ts'
export type { SentCommand } from './context.ts'
export { isBusyPolling } from './endless/busy-polling.ts'
export { lacks } from './environment.ts'
export { type Crash, type CrashRound, everyCrash } from './faults/crash.ts'
export { deliverTwice, shuffled } from './faults/delivery.ts'
export { type GivesUpAfter, givesUpAfter } from './faults/gives-up-after.ts'
export { everyLostReply, type LostReply, type LostReplyRound } from './faults/lost-reply.ts'
export {
  type PassesOn,
  type PassesOnRefusedWrite,
  passesOnErrors,
  passesOnRefusedWrite,
  passesOnWrongType,
} from './faults/passes-on.ts'
export { everyRefusal, NO_PERMISSION, type Refusal, type RefusalRound } from './faults/refusal.ts'
export { allowAddress } from './guards/network.ts'
export { type LongStream, type PlantedStream, pagingFault, plantLongStream } from './long-stream.ts'
export { afterReply } from './races/after-reply.ts'
export { everyInterleaving, type Race, type RaceRound } from './races/interleaving.ts'
export { withRival } from './races/with-rival.ts'
export { largestReply, paired, sharedWatch } from './replies.ts'
export { cleanDatabase, type Sandbox, useSandbox } from './sandbox.ts'
export type { OwnCluster } from './servers/own-cluster.ts'
export type { OwnServer, OwnServerOptions } from './servers/own-server.ts'
export { code, words } from './show.ts'
export { type Details, DiagnosisError, verify, verifyEqual } from './verify.ts'
