/** `completion SHELL`: a script that completes commands and their options, made from the commands themselves. */
import { TrimtabError } from '../../errors.ts';
import { readArguments } from '../arguments.ts';
import type { Command } from '../command.ts';

const usage = 'completion bash|zsh|fish';

/** `commands` are all but this one. */
export function completionOf(commands: () => readonly Command[]): Command {
  return {
    words: ['completion'],
    usage,
    summary: 'print a completion script for the shell: source <(trimtab completion bash)',
    async run(args, context) {
      const [shell = ''] = readArguments(args, ['SHELL'], usage).positionals;
      const script = SCRIPTS[shell];
      if (script === undefined) throw new TrimtabError('bad-request', { what: 'SHELL', problem: `"${shell}" is none that is known`, right: Object.keys(SCRIPTS).join(', ') });
      context.out(script(commands().map(wordsAndOptions)));
      return Promise.resolve(0);
    },
  };
}

interface Completable {
  readonly words: string;
  readonly summary: string;
  readonly options: readonly string[];
}

/** The options stand in the usage: what is not told there is not offered. */
function wordsAndOptions({ words, usage: text, summary }: Command): Completable {
  return { words: words.join(' '), summary, options: [...new Set([...(text.match(/--[a-z][a-z-]*/g) ?? []), '--data', '--json'])] };
}

const SCRIPTS: Readonly<Record<string, (commands: readonly Completable[]) => string>> = {
  bash: (commands) => [
    '_trimtab() {',
    '  local line="${COMP_WORDS[*]:1:COMP_CWORD-1}" word="${COMP_WORDS[COMP_CWORD]}" options=""',
    '  case "$line" in',
    ...commands.map(({ words, options }) => `    "${words}"*) options="${options.join(' ')}" ;;`),
    '  esac',
    `  local commands="${commands.map(({ words }) => words).join('\n')}"`,
    '  if [[ -n $options ]]; then',
    '    if [[ $word == -* ]]; then mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word"); else mapfile -t COMPREPLY < <(compgen -f -- "$word"); fi',
    '  else',
    '    mapfile -t COMPREPLY < <(compgen -W "$(awk -v n="$COMP_CWORD" -v line="$line" \'line == "" || index($0, line " ") == 1 { print $n }\' <<< "$commands")" -- "$word")',
    '  fi',
    '}',
    'complete -F _trimtab trimtab',
  ].join('\n'),
  zsh: (commands) => ['autoload -U +X bashcompinit && bashcompinit', SCRIPTS['bash']?.(commands) ?? ''].join('\n'),
  fish: (commands) => commands.flatMap(({ words, summary, options }) => [
    `complete -c trimtab -f -n __fish_use_subcommand -a ${quoted(words.split(' ')[0] ?? '')} -d ${quoted(summary)}`,
    ...options.map((option) => `complete -c trimtab -n ${quoted(`__fish_seen_subcommand_from ${words.split(' ')[0]}`)} -l ${option.slice(2)}`),
  ]).join('\n'),
};

const quoted = (text: string) => `'${text.replaceAll("'", "\\'")}'`;
