import { firstSentence } from '@postline/operator-commands';
import type { Command } from 'commander';

/** The words that can follow a command. */
interface Place {
  /** The words of the command, each after a space, such as ` group add`. Empty for the program itself. */
  readonly path: string;
  readonly words: readonly Word[];
}

interface Word {
  readonly word: string;
  readonly description: string;
  readonly isOption: boolean;
}

/** Makes a script, by the name of the shell. */
export const COMPLETION_SCRIPTS: ReadonlyMap<string, (program: Command) => string> = new Map([
  ['bash', bashScript],
  ['zsh', zshScript],
  ['fish', fishScript],
]);

function placesOf(command: Command, path = ''): readonly Place[] {
  const commands = command.commands.map((each) => ({
    word: each.name(),
    description: firstSentence(each.description()),
    isOption: false,
  }));
  const options = command
    .createHelp()
    .visibleOptions(command)
    .map(({ long, description }) => ({
      word: long ?? '',
      description,
      isOption: true,
    }));
  const inner = command.commands.flatMap((each) => placesOf(each, `${path} ${each.name()}`));
  return [{ path, words: [...commands, ...options] }, ...inner];
}

/** Finds the command typed so far: the words that name a command, with any other words in between. */
function findCommand(places: readonly Place[], words: string): string {
  const paths = places.filter(({ path }) => path !== '').map(({ path }) => `"${path}"`);
  return `  local called="" word
  for word in ${words}; do
    case "$called $word" in
      ${paths.join('|')}) called="$called $word" ;;
    esac
  done`;
}

function bashScript(program: Command): string {
  const places = placesOf(program);
  const cases = places.map(
    ({ path, words }) => `    "${path}") words="${words.map(({ word }) => word).join(' ')}" ;;`,
  );
  return `_postline() {
${findCommand(places, '"${COMP_WORDS[@]:1:COMP_CWORD-1}"')}
  local words=""
  case "$called" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _postline postline`;
}

function zshScript(program: Command): string {
  const places = placesOf(program);
  const cases = places.map(({ path, words }) => {
    const entries = words.map(({ word, description }) => quoted(`${word}:${description}`));
    return `    "${path}") candidates=(${entries.join(' ')}) ;;`;
  });
  return `#compdef postline
_postline() {
${findCommand(places, '"${(@)words[2,CURRENT-1]}"')}
  local -a candidates
  case "$called" in
${cases.join('\n')}
  esac
  _describe postline candidates
}
compdef _postline postline`;
}

function fishScript(program: Command): string {
  const lines = placesOf(program).flatMap(({ path, words }) => {
    const names = words.filter(({ isOption }) => !isOption).map(({ word }) => word);
    return words.map(({ word, description, isOption }) => {
      const what = isOption ? `-l ${word.replace(/^--/, '')}` : `-a ${word}`;
      return `complete -c postline -n ${quoted(fishCondition(path, names))} ${what} -d ${quoted(description)}`;
    });
  });
  return ['complete -c postline -f', ...lines].join('\n');
}

/** True after the words of the path, as long as none of its commands follows. */
function fishCondition(path: string, commands: readonly string[]): string {
  const seen = path
    .split(' ')
    .slice(1)
    .map((word) => `__fish_seen_subcommand_from ${word}`);
  const notYet = commands.length === 0 ? [] : [`not __fish_seen_subcommand_from ${commands.join(' ')}`];
  return [...seen, ...notYet].join('; and ');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
