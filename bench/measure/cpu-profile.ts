/** The parts of a V8 CPU profile (`.cpuprofile`) that tell where time went. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: {
      readonly functionName: string;
      readonly url: string;
      /** Counted from 0, as is the column. */
      readonly lineNumber: number;
      readonly columnNumber: number;
    };
  }[];
  /** The node that ran at each sample. */
  readonly samples?: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas?: readonly number[];
}

export interface SelfTime {
  /** The function and where it stands (`name file:line`), or the module. */
  readonly place: string;
  /** Of the time that was not idle. */
  readonly percent: number;
}

const IDLE = '(idle)';
const LAST_FOLDERS_NAMED = 3;

/** The functions that most time was spent in, themselves and not in what they call; the costliest first. */
export function selfTimesByFunction(profile: CpuProfile, count: number): SelfTime[] {
  return selfTimes(profile, functionName).slice(0, count);
}

/** The same by package, or by module of the engine or of our own. */
export function selfTimesByModule(profile: CpuProfile, count: number): SelfTime[] {
  return selfTimes(profile, moduleName).slice(0, count);
}

function selfTimes(profile: CpuProfile, nameOf: (frame: CallFrame) => string): SelfTime[] {
  const placeOf = new Map(profile.nodes.map((node) => [node.id, nameOf(node.callFrame)]));
  const microseconds = new Map<string, number>();
  let total = 0;
  for (const [index, id] of (profile.samples ?? []).entries()) {
    const place = placeOf.get(id) ?? '(unknown)';
    const delta = profile.timeDeltas?.[index] ?? 0;
    if (place === IDLE) continue;
    total += delta;
    microseconds.set(place, (microseconds.get(place) ?? 0) + delta);
  }
  return [...microseconds]
    .map(([place, time]) => ({ place, percent: (100 * time) / total }))
    .sort((a, b) => b.percent - a.percent);
}

export type CallFrame = CpuProfile['nodes'][number]['callFrame'];

function functionName({ functionName: given, url, lineNumber }: CallFrame): string {
  const name = given === '' ? '(anonymous)' : given;
  const file = url.split('/').slice(-LAST_FOLDERS_NAMED).join('/');
  return file === '' ? name : `${name} ${file}:${lineNumber + 1}`;
}

/** `mysql2`, `node:events`, `message-store/src/mysql`; what has no file is the engine's, and goes by its own name. */
function moduleName(frame: CallFrame): string {
  const { url } = frame;
  const dependency = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
  if (dependency !== undefined) return dependency;
  if (url === '') return functionName(frame);
  if (url.startsWith('node:')) return url;
  return /[^/]+\/(?:dist|src)\/.*(?=\/)|[^/]+\/(?:dist|src)/.exec(url)?.[0] ?? url;
}
