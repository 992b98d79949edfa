/**
 * Maximum size of a class and of what one participant may send, so that the hub can't be filled up, by mistake or on
 * purpose.
 */
export const limits = {
  participants: 5_000,
  /** Characters. */
  name: 40,
  text: 280,
  /** Events in one request, and characters of one as JSON: a check of a lesson with ten tasks takes two thousand. */
  batch: 200,
  event: 20_000,
  /** Bytes of a request. */
  body: 1_000_000,
  /** Events of one progress log, and logs of one participant: an import starts another. */
  eventsPerLog: 50_000,
  logs: 20,
  /** Characters of one answer, and answers kept for one participant. */
  code: 60_000,
  codes: 300,
  /** Requests of one participant: at once, and then per second. */
  burst: 60,
  perSecond: 20,
  /** Wrong codes from one address, and from all together: at once, and then per second. */
  wrongCodes: { burst: 8, perSecond: 0.5 },
  wrongCodesOfAll: { burst: 100, perSecond: 5 },
  /** Pages that follow the class at the same time, and connections that may wait with an open request. */
  streams: 50,
} as const
