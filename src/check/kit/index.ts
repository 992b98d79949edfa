/** What lesson suites use. They import this, Vitest and `#lesson/…`, and nothing else of the kit. */

export type { Need } from '../../redis/types.ts'
export { afterReply } from './after-reply.ts'
export { callAtOnce } from './at-once.ts'
export { isBusyPolling } from './busy-polling.ts'
export { attempt, type CallOptions, call, callError, type Outcome } from './call.ts'
export { connectionsStillOpen } from './connections.ts'
export type { SentCommand } from './context.ts'
export { type Crash, type CrashRound, everyCrash } from './crash.ts'
export { deliverTwice, shuffled } from './delivery.ts'
export { lacks } from './environment.ts'
export { type GivesUpAfter, givesUpAfter } from './gives-up-after.ts'
export { everyInterleaving, type Race, type RaceRound } from './interleaving.ts'
export { type LongStream, type PlantedStream, pagingFault, plantLongStream } from './long-stream.ts'
export { everyLostReply, type LostReply, type LostReplyRound } from './lost-reply.ts'
export { allowAddress } from './network.ts'
export type { OwnCluster } from './own-cluster.ts'
export type { OwnServer, OwnServerOptions } from './own-server.ts'
export {
  type PassesOn,
  type PassesOnRefusedWrite,
  passesOnErrors,
  passesOnRefusedWrite,
  passesOnWrongType,
} from './passes-on.ts'
export { everyRefusal, NO_PERMISSION, type Refusal, type RefusalRound } from './refusal.ts'
export { largestReply, sharedWatch } from './replies.ts'
export { cleanDatabase, type Sandbox, useSandbox } from './sandbox.ts'
export { code } from './show.ts'
export { type Details, DiagnosisError, verify, verifyEqual } from './verify.ts'
export { withRival } from './with-rival.ts'
