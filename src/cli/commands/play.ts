/** `demo` and `replay`: the loop for people to see, in processes of their own that take their own arguments. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import type { Command, ExitCode } from '../command.ts';

const DEMO = path.resolve(import.meta.dirname, '../../demo');

export const demo: Command = {
  words: ['demo'],
  usage: 'demo [--exit] [...]',
  summary: 'the whole loop, live; with --exit, code 0 only if every stage came out as told',
  run: (args) => play('main.ts', args),
};

export const replay: Command = {
  words: ['replay'],
  usage: 'replay --data FILE [...]',
  summary: 'the loop over your labelled rows in virtual time; replay --help names all options',
  run: (args) => play('replay/main.ts', args),
};

function play(file: string, args: readonly string[]): Promise<ExitCode> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [path.join(DEMO, file), ...args], { stdio: 'inherit' });
    // Ctrl-C reaches the child too, which stops its service in order: we wait for it
    const ignore = () => {};
    process.on('SIGINT', ignore);
    child.once('error', reject);
    child.once('exit', (code) => {
      process.off('SIGINT', ignore);
      resolve(code === 0 || code === 2 ? code : 1);
    });
  });
}
