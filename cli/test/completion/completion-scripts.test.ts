import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { COMPLETION_SCRIPTS } from '../../src/completion/completion-scripts.ts';
import { createProgram } from '../../src/program.ts';

const scriptFor = (shell: string) => COMPLETION_SCRIPTS.get(shell)?.(createProgram()) ?? '';

/** What bash offers for the last of these words. */
function completed(...words: readonly string[]): readonly string[] {
  const quoted = words.map((word) => `'${word}'`).join(' ');
  const test = `COMP_WORDS=(postline ${quoted}); COMP_CWORD=${words.length}; _postline; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const output = execFileSync('bash', ['-c', `${scriptFor('bash')}\n${test}`], { encoding: 'utf8' });
  return output.split('\n').filter((line) => line !== '');
}

it('[CLI-7] bash completes commands, subcommands and options', () => {
  expect(completed('')).toEqual(
    expect.arrayContaining(['send', 'listen', 'history', 'doctor', 'completion', '--help']),
  );
  expect(completed('li')).toEqual(['listen']);
  expect(completed('group', '')).toEqual(expect.arrayContaining(['add', 'remove', 'list']));
  expect(completed('send', '1', '--i')).toEqual(['--idempotency-key']);
  expect(completed('key', 'new', 'shop', '--s')).toEqual(['--scope']);
});

it('[CLI-7] zsh and fish have the same words', () => {
  expect(scriptFor('zsh')).toMatch(/^#compdef postline/);
  expect(scriptFor('zsh')).toContain("'send:Publishes a message'");
  expect(scriptFor('fish')).toContain('complete -c postline');
  expect(scriptFor('fish')).toMatch(/__fish_seen_subcommand_from send.* -l idempotency-key/);
});
