/** The chart on a real API server with real controllers: each values file is installed, tested, upgraded, rolled back and taken away again. The nodes are fake. */
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { apply, CHART, get, helm, KINDS, kubectl, ROOT, tried, valuesOf, type Kind, type KubeObject } from './tools.ts';

interface List {
  readonly items: readonly KubeObject[];
}

/** A namespace that admits restricted pods only, the Secret that the values name, and a volume that stands ready. */
async function prepare(kind: Kind): Promise<void> {
  await apply([
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: kind, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } } },
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'trimtab', namespace: kind }, stringData: { 'api-key': 'k'.repeat(40), 'database-url': 'postgres://u:p@db/trimtab', 'secret-key': Buffer.alloc(32).toString('base64') } },
    {
      apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: `for-${kind}` },
      spec: { capacity: { storage: '100Gi' }, accessModes: ['ReadWriteOnce', 'ReadWriteMany'], claimRef: { namespace: kind, name: 'trimtab-data' }, hostPath: { path: '/nowhere' } },
    },
  ]);
}

const pods = async (kind: Kind, component: string) => (await get<List>('pods', '-n', kind, '-l', `app.kubernetes.io/component=${component}`)).items;
const logLevel = async (kind: Kind) => (await pods(kind, 'runner')).map((pod) => pod.spec.containers[0].env.find(({ name }) => name === 'TRIMTAB_LOG_LEVEL')?.value ?? null);
const deploy = (verb: 'install' | 'upgrade', kind: Kind, ...args: string[]) => helm(verb, 'trimtab', CHART, '-n', kind, '-f', valuesOf(kind), '--wait', '--timeout', '120s', ...args);

describe.each(KINDS)('%s', (kind) => {
  beforeAll(() => prepare(kind));

  test('installs, and every pod becomes ready', async () => {
    const notes = await deploy('install', kind);
    expect(notes).toContain('STATUS: deployed');
    const [runner, ...others] = await pods(kind, 'runner');
    expect(others).toEqual([]);
    expect(runner).toMatchObject({ metadata: { name: 'trimtab-runner-0' }, status: { phase: 'Running' } });
    expect(runner?.spec.nodeName === 'fake-gpu').toBe(kind === 'gpu');
  });

  test('helm test', async () => {
    expect(await helm('test', 'trimtab', '-n', kind, '--timeout', '60s')).toMatch(/Phase:\s+Succeeded/);
  });

  test('the service account may do nothing, and pods have no token of it', async () => {
    const account = `system:serviceaccount:${kind}:trimtab`;
    for (const [verb, what] of [['get', 'secrets'], ['list', 'pods'], ['create', 'jobs'], ['create', 'pods/exec'], ['get', 'configmaps'], ['update', 'leases']] as const) {
      const can = async (...as: string[]) => (await tried('kubectl', ['auth', 'can-i', verb, what, '-n', kind, ...as])).stdout.trim();
      expect([await can('--as', account), await can()], `${verb} ${what}: the account, and we`).toEqual(['no', 'yes']);
    }
    const [runner] = await pods(kind, 'runner');
    expect(JSON.stringify(runner?.spec)).not.toContain('kube-api-access');
  });

  test('the network policy holds for every pod, and its port is theirs', async () => {
    const policy = await get<{ spec: { podSelector: { matchLabels: Record<string, string> }; policyTypes: string[]; ingress: { ports: { port: string }[] }[] } }>('networkpolicy', 'trimtab', '-n', kind);
    expect(policy.spec.policyTypes).toEqual(['Ingress', 'Egress']);
    const selector = Object.entries(policy.spec.podSelector.matchLabels).map(([key, value]) => `${key}=${value}`).join(',');
    const held = (await get<List>('pods', '-n', kind, '-l', selector)).items.map((pod) => pod.metadata.name).sort();
    expect(held).toEqual((await get<List>('pods', '-n', kind)).items.map((pod) => pod.metadata.name).sort());
    for (const { ports } of policy.spec.ingress) expect(ports).toEqual([{ protocol: 'TCP', port: 'http' }]);
    expect((await pods(kind, 'runner'))[0]?.spec.containers[0].ports).toMatchObject([{ name: 'http', containerPort: 8080 }]);
  });

  test('callers reach ready pods', async () => {
    const slices = await get<{ items: { endpoints: { conditions: { ready: boolean } }[] }[] }>('endpointslices', '-n', kind, '-l', 'kubernetes.io/service-name=trimtab');
    const ready = slices.items.flatMap(({ endpoints }) => endpoints).filter(({ conditions }) => conditions.ready);
    expect(ready.length).toBeGreaterThan(0);
  });

  test('upgrades, and rolls back', async () => {
    expect(await logLevel(kind)).toEqual([null]);
    await deploy('upgrade', kind, '--set', 'env.TRIMTAB_LOG_LEVEL=debug');
    expect(await logLevel(kind)).toEqual(['debug']);
    await helm('rollback', 'trimtab', '1', '-n', kind, '--wait', '--timeout', '120s');
    expect(await logLevel(kind)).toEqual([null]);
    expect(await helm('history', 'trimtab', '-n', kind)).toMatch(/Rollback to 1/);
  });
});

describe('production', () => {
  const kind = 'production';

  test('the autoscaler brings the least number of api pods, on several nodes', async () => {
    await vi.waitFor(async () => expect((await get('deployment', 'trimtab-api', '-n', kind)).status.readyReplicas).toBe(3), { timeout: 60_000, interval: 500 });
    expect(new Set((await pods(kind, 'api')).map((pod) => pod.spec.nodeName)).size).toBe(2);
  });

  test('Prometheus is told what to scrape', async () => {
    const { spec } = await get<{ spec: { selector: { matchExpressions: { values: string[] }[] } } }>('servicemonitor', 'trimtab', '-n', kind);
    const components = spec.selector.matchExpressions[0]?.values ?? [];
    const services = (await get<List>('services', '-n', kind, '-l', `app.kubernetes.io/component in (${components.join(',')})`)).items;
    expect(services.map(({ metadata }) => metadata.name).sort()).toEqual(['trimtab', 'trimtab-runner']);
    const { spec: rules } = await get<{ spec: { groups: { rules: object[] }[] } }>('prometheusrule', 'trimtab', '-n', kind);
    expect(rules.groups.flatMap((group) => group.rules).length).toBeGreaterThan(10);
  });

  test('Grafana finds every dashboard, each whole', async () => {
    const maps = (await get<{ items: { data: Record<string, string> }[] }>('configmaps', '-n', kind, '-l', 'grafana_dashboard=1')).items;
    const held = maps.flatMap(({ data }) => Object.entries(data)).map(([name, text]) => [name, JSON.parse(text) as unknown] as const).sort();
    const folder = path.join(ROOT, 'grafana/dashboards');
    expect(held).toEqual((await readdir(folder)).sort().map((file) => [`trimtab-${file}`, JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as unknown]));
    expect(held.length).toBeGreaterThan(3);
  });

  test('a job migrates where that is asked for, and is another one for another version', async () => {
    const jobs = async () => (await get<List>('jobs', '-n', kind, '-l', 'app.kubernetes.io/component=migrate')).items.map(({ metadata }) => metadata.name);
    await deploy('upgrade', kind, '--set', 'migrations.mode=job', '--wait-for-jobs');
    const [first] = await jobs();
    expect(first).toMatch(/^trimtab-migrate-[0-9a-f]{8}$/);
    await deploy('upgrade', kind, '--set', 'migrations.mode=job', '--set', 'image.tag=0.2.0', '--wait-for-jobs');
    expect(await jobs()).toHaveLength(1);
    expect(await jobs()).not.toContain(first);
    await deploy('upgrade', kind);
    expect(await jobs()).toEqual([]);
  });

  test('a drain waits until what it evicts stands elsewhere', async () => {
    const [drained, other] = ['fake-0', 'fake-1'];
    const serving = async () => (await pods(kind, 'api')).filter((pod) => pod.status.phase === 'Running').length;
    const drain = (seconds: number) => tried('kubectl', ['drain', drained as string, '--delete-emptydir-data', '--ignore-daemonsets', '--pod-selector', 'app.kubernetes.io/component=api', `--timeout=${seconds}s`]);
    // all of them on one node
    await kubectl('cordon', other as string);
    await kubectl('delete', 'pods', '-n', kind, '-l', 'app.kubernetes.io/component=api', '--wait');
    await vi.waitFor(async () => expect(await get('poddisruptionbudget', 'trimtab-api', '-n', kind)).toMatchObject({ status: { disruptionsAllowed: 1, currentHealthy: 3 } }), { timeout: 30_000, interval: 200 });
    // nowhere to go: one leaves, and the others stay
    const refused = await drain(15);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toMatch(/disruption budget/);
    expect(await serving()).toBe(2);
    await kubectl('uncordon', other as string);
    let least = Infinity;
    const draining = drain(90);
    for (let done = false; !done; ) {
      done = await Promise.race([draining.then(() => true), serving().then((count) => ((least = Math.min(least, count)), false))]);
    }
    expect((await draining).code).toBe(0);
    expect(least).toBeGreaterThanOrEqual(2);
    await kubectl('uncordon', drained as string);
    expect((await pods(kind, 'api')).filter((pod) => pod.spec.nodeName === drained)).toEqual([]);
  });

  test('a pod that is not restricted would not be admitted', async () => {
    const { code, stderr } = await tried('helm', ['template', 'root', CHART, '-f', valuesOf(kind), '--set', 'podSecurityContext.runAsNonRoot=false', '-s', 'templates/test.yaml']).then(({ stdout }) =>
      tried('kubectl', ['apply', '-n', kind, '--dry-run=server', '-f', '-'], stdout.replaceAll('namespace: default', `namespace: ${kind}`)));
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/violates PodSecurity "restricted:latest": runAsNonRoot/);
  });
});

test('what is taken away leaves its volume', async () => {
  for (const kind of KINDS) {
    await helm('uninstall', 'trimtab', '-n', kind, '--wait');
    expect((await get<List>('pods,services,secrets,networkpolicies', '-n', kind, '-l', 'app.kubernetes.io/managed-by=Helm')).items).toEqual([]);
    expect(await get('pvc', 'trimtab-data', '-n', kind)).toMatchObject({ status: { phase: 'Bound' } });
  }
}, 120_000);
