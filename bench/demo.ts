/** Wall time of `npm run demo -- --exit`; reached only when every stage came out as told. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import type { BenchRow } from './row.ts';

const GOAL_SECONDS = 180;

export function demoRows(): Promise<BenchRow[]> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn('npm', ['run', 'demo', '--', '--exit'], { cwd: path.resolve(import.meta.dirname, '..'), stdio: ['ignore', 'ignore', 'inherit'] });
    child.on('error', reject);
    child.on('exit', (code) => {
      const seconds = Math.round((performance.now() - began) / 1_000);
      resolve([{ name: `demo, wall time, exit code ${code}`, figure: seconds, unit: 's', goal: `below ${GOAL_SECONDS}, code 0`, reached: code === 0 && seconds < GOAL_SECONDS }]);
    });
  });
}

if (import.meta.main) console.table(await demoRows());
