/** The programs that tests/cluster/build brought, and the chart as they see it. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { parseAllDocuments } from 'yaml';

export const ROOT = path.resolve(import.meta.dirname, '../..');
export const CHART = path.join(ROOT, 'helm/trimtab');
export const KINDS = ['laptop', 'gpu', 'production'] as const;
export type Kind = (typeof KINDS)[number];
export const valuesOf = (kind: Kind) => path.join(CHART, 'values', `${kind}.yaml`);

export interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, whatever its exit code. */
export function tried(program: string, args: readonly string[], input?: string): Promise<Output> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { cwd: ROOT, maxBuffer: 1 << 27 }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number') reject(error);
      else resolve({ code: error === null ? 0 : (error.code as number), stdout, stderr });
    });
    child.stdin?.on('error', () => {});
    child.stdin?.end(input ?? '');
  });
}

/** What it printed. Throws with all that it said when it failed. */
export async function ran(program: string, args: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await tried(program, args, input);
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}\n${stdout}\n${stderr}`);
  return stdout;
}

export const helm = (...args: string[]) => ran('helm', args);
export const kubectl = (...args: string[]) => ran('kubectl', args);
export const get = async <T = KubeObject>(...args: string[]) => JSON.parse(await kubectl('get', '-o', 'json', ...args)) as T;
export const apply = (objects: readonly object[]) => ran('kubectl', ['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: { readonly secretKeyRef: { readonly name: string; readonly key: string } } }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
}

interface Probe {
  readonly httpGet: { readonly path: string };
  readonly periodSeconds: number;
  readonly failureThreshold: number;
}

export interface PodSpec {
  readonly containers: readonly [Container];
  readonly terminationGracePeriodSeconds: number;
  readonly nodeName?: string;
}

/** What these tests read of any object. */
export interface KubeObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>>; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: PodSpec & { readonly replicas?: number; readonly template: { readonly spec: PodSpec } };
  readonly status: { readonly phase: string; readonly disruptionsAllowed: number; readonly readyReplicas?: number };
}

/** The manifests of a values file, the pod of `helm test` among them. */
export async function rendered(kind: Kind, ...args: string[]): Promise<KubeObject[]> {
  const text = await helm('template', 'trimtab', CHART, '-f', valuesOf(kind), ...args);
  return parseAllDocuments(text).map((document) => document.toJS() as KubeObject | null).filter((object) => object !== null);
}
