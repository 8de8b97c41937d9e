import { isCommit, type TcpProxy } from '@postline/test-support';
import type { LinkName } from '../cluster/links.ts';
import type { FaultKind } from './fault-kind.ts';

const LINKS: readonly LinkName[] = [
  'sender-API',
  'API-MySQL',
  'API-Redis',
  'relay-MySQL',
  'relay-Redis',
  'client-relay',
];
const INSTANCES = 2;
/** Much longer than any real delay here, much shorter than any deadline. */
const DELAY_MS = 120;
/** The share of the answers that are lost. Each loss ends its connection. */
const LOST_ANSWERS_SHARE = 0.2;
/** A slow mobile connection. */
const SLOW_BYTES_PER_SECOND = 40_000;

interface LineFault {
  readonly fault: string;
  readonly lastsMs: FaultKind['lastsMs'];
  readonly apply: (line: TcpProxy) => void;
}

const LINE_FAULTS: readonly LineFault[] = [
  { fault: 'reset', lastsMs: [10, 10], apply: (line) => line.reset() },
  { fault: 'cut', lastsMs: [300, 4_000], apply: (line) => line.cut() },
  { fault: 'frozen towards the server', lastsMs: [300, 6_000], apply: (line) => line.freeze('up') },
  { fault: 'frozen towards the client', lastsMs: [300, 6_000], apply: (line) => line.freeze('down') },
  {
    fault: 'losing answers',
    lastsMs: [300, 2_000],
    apply: (line) => line.loseAnswers(LOST_ANSWERS_SHARE),
  },
  { fault: 'delayed', lastsMs: [1_000, 4_000], apply: (line) => line.delay(DELAY_MS) },
  { fault: 'slow', lastsMs: [1_000, 4_000], apply: (line) => line.slow(SLOW_BYTES_PER_SECOND) },
];

/** The worst moments for a link to break: the API doesn't know whether its transaction was committed. */
const COMMIT_FAULTS: readonly LineFault[] = [
  {
    fault: 'breaking before COMMIT',
    lastsMs: [300, 2_000],
    apply: (line) => line.breakAt(isCommit, 'reset-unheard'),
  },
  {
    fault: 'breaking after COMMIT',
    lastsMs: [300, 2_000],
    apply: (line) => line.breakAt(isCommit, 'reset-unanswered'),
  },
];

/** Every kind of link fault, on every link. */
export function linkFaults(): FaultKind[] {
  return [
    ...LINKS.flatMap((place) => LINE_FAULTS.map((fault) => faultOf(place, fault))),
    ...COMMIT_FAULTS.map((fault) => faultOf('API-MySQL', fault)),
  ];
}

function faultOf(place: LinkName, { fault, lastsMs, apply }: LineFault): FaultKind {
  return {
    fault,
    place,
    lastsMs,
    instances: INSTANCES,
    inject: ({ links }, instance) => {
      const line = links[place][instance];
      if (line === undefined) throw new RangeError(`there is no line ${place} ${instance}`);
      apply(line);
      return () => line.heal();
    },
  };
}
