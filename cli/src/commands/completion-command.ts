import { addExamples, createCommand } from '@postline/operator-commands';
import { Argument, type Command } from 'commander';
import { COMPLETION_SCRIPTS } from '../completion/completion-scripts.ts';

const SHELLS = [...COMPLETION_SCRIPTS.keys()];

/** `completion <shell>`: prints the script that makes a shell complete commands and options. */
export function createCompletionCommand(program: () => Command): Command {
  const command = createCommand('completion')
    .description('Prints a script that makes a shell complete commands and options.')
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .action((shell: string) => console.log(COMPLETION_SCRIPTS.get(shell)?.(program())));
  addExamples(
    command,
    'source <(postline completion bash)     # in ~/.bashrc',
    'source <(postline completion zsh)      # in ~/.zshrc, after compinit',
    'postline completion fish | source      # in ~/.config/fish/config.fish',
  );
  return command;
}
