/**
 * Maximum size of a class and of what one participant may send, so that the hub can't be filled up, by mistake or on
 * purpose.
 */
export const limits = {
  participants: 5_000,
  /** Characters. */
  name: 40,
  text: 280,
  /** Of a timer or a break. */
  minutes: 24 * 60,
  /** Characters of a diagnosis: as stored, and as shown in lists. */
  diagnosis: 2_000,
  shownDiagnosis: 600,
  /** Characters of a task's name, and tasks of one check. */
  task: 80,
  tasks: 40,
  /** Events in one request, and characters of one as JSON: a check of a lesson with ten tasks takes two thousand. */
  batch: 200,
  event: 20_000,
  /** Bytes of a request: of one that sends events, of one that sends an answer, and of any other. */
  body: 1_000_000,
  codeBody: 250_000,
  runBody: 90_000,
  smallBody: 600,
  commandBody: 10_000,
  /** What one participant may have stored, answers included, and what all of them together may have. */
  ofParticipant: { events: 20_000, bytes: 12_000_000 },
  ofClass: { events: 2_000_000, bytes: 600_000_000 },
  /** Entries of the class's own log; participants write no more to it after that. */
  classLog: 200_000,
  /** Progress logs of one participant: an import starts another. */
  logs: 20,
  /** Characters of one answer, and answers kept for one participant. */
  code: 60_000,
  codes: 300,
  /** Recordings kept of one participant, bytes of one as it's sent and stored, and characters of it unpacked. */
  runs: 3,
  run: 64 * 1024,
  runText: 1_200_000,
  /** What a page or an export shows of one participant: attempts, other events, and characters of code. */
  attempts: 500,
  activity: 500,
  shownCode: 2_000_000,
  /** Requests of one participant: at once, and then per second. The same for their bytes. */
  requests: { burst: 60, perSecond: 20 },
  bytes: { burst: 4_000_000, perSecond: 400_000 },
  /** Changes of a participant's name or sharing, each of which stays in the class's log. */
  changes: { burst: 6, perSecond: 0.1 },
  /** Recordings, of one participant and of all: unpacking and checking one costs more than anything else. */
  runsOfOne: { burst: 4, perSecond: 0.1 },
  runsOfAll: { burst: 40, perSecond: 5 },
  /** New participants, by address (a whole room may share one) and in all: at once, and then per second. */
  joins: { burst: 60, perSecond: 3 },
  joinsOfAll: { burst: 200, perSecond: 10 },
  /** Wrong codes from one address that are answered at once, at once and then per second. The next ones take longer. */
  wrongCodes: { burst: 8, perSecond: 0.5 },
  /** How long the answer to a wrong code is held back then (ms), and how many wait like that at the same time. */
  wrongCodeTakes: 2_000,
  wrongCodesWaiting: 500,
  /** Pages that follow the class at the same time, and connections that may wait with an open request. */
  streams: 50,
  /** Open connections, from one address and from all. */
  connections: { ofAddress: 1_000, ofAll: 4_000 },
} as const
