/** `engine install [--gpu]`: the TensorFlow backend. */
import { installEngine } from '../engine/install.ts';
import { readArguments, textOf } from '../arguments.ts';
import type { Command } from '../command.ts';

const usage = 'engine install [--gpu]';

export const engineInstall: Command = {
  words: ['engine', 'install'],
  usage,
  summary: 'build the TensorFlow backend, for the CPU or with --gpu for an NVIDIA GPU (downloads 0.3 or 3 GB; needs pip, g++ and patch)',
  async run(args, context) {
    const parsed = readArguments(args, [], usage, { gpu: { type: 'boolean' } });
    const { engineDir } = context.config(textOf(parsed, 'data'));
    const json = parsed.values['json'] === true;
    const folder = await installEngine({ dir: engineDir, kind: parsed.values['gpu'] === true ? 'gpu' : 'cpu', say: json ? () => undefined : context.out });
    if (json) context.out(JSON.stringify({ folder }));
    return 0;
  },
};
