import { describe, expect, it } from 'vitest';
import { helpText, parseArguments } from '../arguments.ts';

const NAMES = ['w1', 'w4', 'catch-up'];
const WORKLOADS = [
  ...NAMES.map((name) => ({ name, systems: ['ours', 'bare parts'] })),
  { name: 'large', onlyWhenNamed: true, systems: ['ours'] },
];

describe('parseArguments', () => {
  it('runs every workload three times for 8 s where nothing is said', () => {
    expect(parseArguments([], WORKLOADS)).toEqual({
      kind: 'run',
      arguments: {
        workloads: NAMES,
        measureSeconds: 8,
        warmUpSeconds: 10,
        runs: 3,
        onlySystem: undefined,
        profile: false,
        nodes: [],
      },
    });
  });

  it('takes workloads in any case and place, each once', () => {
    const parsed = parseArguments(['--quick', 'W4', 'w1', 'w4'], WORKLOADS);
    expect(parsed).toMatchObject({
      kind: 'run',
      arguments: { workloads: ['w4', 'w1'], measureSeconds: 3, warmUpSeconds: 2 },
    });
  });

  it('runs what takes long only where it is named', () => {
    expect(parseArguments(['large'], WORKLOADS)).toMatchObject({ arguments: { workloads: ['large'] } });
  });

  it('takes seconds and runs, which --quick does not override', () => {
    const parsed = parseArguments(['--seconds', '30', '--quick', '--runs=1', '--profile'], WORKLOADS);
    expect(parsed).toMatchObject({ kind: 'run', arguments: { measureSeconds: 30, runs: 1, profile: true } });
  });

  it('takes one system alone, and a warm-up', () => {
    const parsed = parseArguments(['w1', '--only', 'bare parts', '--warm-up', '20'], WORKLOADS);
    expect(parsed).toMatchObject({ arguments: { onlySystem: 'bare parts', warmUpSeconds: 20 } });
    const refused = parseArguments(['--only', 'theirs'], WORKLOADS);
    expect(refused).toEqual({
      kind: 'refused',
      reason: '"theirs" is no system; known are: ours, bare parts',
    });
  });

  it('takes Node versions and absolute paths, each once', () => {
    const parsed = parseArguments(['w1', '--node', '26', '--node=/opt/node', '--node', '26'], WORKLOADS);
    expect(parsed).toMatchObject({ arguments: { nodes: ['26', '/opt/node'] } });
  });

  it.each(['node', './node', '26.1', ''])('refuses --node=%s', (word) => {
    const parsed = parseArguments([`--node=${word}`], WORKLOADS);
    const reason = `--node takes a major version of Node or the absolute path of one, not "${word}"`;
    expect(parsed).toEqual({ kind: 'refused', reason });
  });

  it('refuses more Node versions than can be measured in turn', () => {
    const words = ['20', '22', '24', '26', '/opt/node'].map((word) => `--node=${word}`);
    expect(parseArguments(words, WORKLOADS)).toMatchObject({ kind: 'refused' });
  });

  it.each([['--help'], ['-h'], ['w1', '--help']])('helps on %s %s', (...words) => {
    expect(parseArguments(words, WORKLOADS)).toEqual({ kind: 'help' });
  });

  it.each([['w9'], ['--fast'], ['w1', 'quick']])('refuses %s %s and lists what it knows', (...words) => {
    const parsed = parseArguments(words, WORKLOADS);
    expect(parsed).toMatchObject({ kind: 'refused' });
    expect(JSON.stringify(parsed)).toContain('w1, w4, catch-up, large, --quick');
  });

  it.each(['0', '-1', '1.5', 'x', '', '101', '1e1'])('refuses --runs=%s', (word) => {
    expect(parseArguments([`--runs=${word}`], WORKLOADS)).toMatchObject({ kind: 'refused' });
  });
});

describe('helpText', () => {
  it('names each workload with its question', () => {
    const text = helpText([{ name: 'w1', question: 'How fast?', systems: [] }]);
    expect(text).toContain('  w1  How fast?');
  });
});
