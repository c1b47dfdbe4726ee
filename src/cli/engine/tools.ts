/** Programs that the build of an engine runs. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { TrimtabError, messageOf } from '../../errors.ts';

const execute = promisify(execFile);

/** Runs a program; what it wrote to its error output ends up in the error. */
export async function runTool(program: string, args: readonly string[], cwd: string): Promise<string> {
  try {
    return (await execute(program, args, { cwd, maxBuffer: 2 ** 26 })).stdout;
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim().split('\n').slice(-4).join('; ');
    throw new TrimtabError('bad-config', { problems: `engine install: ${[program, ...args.slice(0, 3)].join(' ')} failed: ${said || messageOf(error)}` });
  }
}

interface Tool {
  readonly name: string;
  readonly probe: readonly [program: string, ...args: string[]];
  readonly get: string;
}

const TOOLS: readonly Tool[] = [
  { name: 'pip', probe: ['python3', '-m', 'pip', '--version'], get: 'install Python 3 with pip (Debian: apt-get install python3-pip)' },
  { name: 'g++', probe: ['g++', '--version'], get: 'install a C++ compiler (Debian: apt-get install g++)' },
  { name: 'patch', probe: ['patch', '--version'], get: 'install patch (Debian: apt-get install patch)' },
  { name: 'npm', probe: ['npm', '--version'], get: 'install npm, which comes with Node' },
];

/** All that is missing at once. @throws TrimtabError `bad-config` */
export async function requireTools(tools: readonly Tool[] = TOOLS): Promise<void> {
  const missing = await Promise.all(tools.map(async ({ name, probe: [program, ...args], get }) => execute(program, args).then(() => null, () => `${name} is missing: ${get}`)));
  const problems = missing.filter((problem) => problem !== null);
  if (problems.length > 0) throw new TrimtabError('bad-config', { problems: `engine install: ${problems.join('; ')}` });
}
