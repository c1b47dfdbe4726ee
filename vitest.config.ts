import { defineConfig } from 'vitest/config';

// The suffix says what a test needs: x.test.ts nothing, x.db.test.ts PostgreSQL, x.e2e.test.ts the whole service,
// x.peft.test.ts a Python with PEFT (tests/peft/run makes it), x.replay.test.ts half an hour,
// x.cluster.test.ts a Kubernetes (tests/cluster/run brings one), x.browser.test.ts Chromium.
// x.docs.test.ts a copy of the repository, in which it types what the pages say.
// x.prometheus.test.ts Debian's prometheus and promtool.
// x.mutation.test.ts nothing, but runs other tests against faulty copies of the code.
// x.alertmanager.test.ts Debian's prometheus-alertmanager.
const base = { environment: 'node', testTimeout: 60_000, hookTimeout: 60_000, pool: 'forks' } as const;

export default defineConfig({
  test: {
    projects: [
      { test: { ...base, name: 'pure', include: ['tests/**/*.test.ts'], exclude: ['tests/**/*.db.test.ts', 'tests/**/*.e2e.test.ts', 'tests/**/*.peft.test.ts', 'tests/**/*.replay.test.ts', 'tests/**/*.alertmanager.test.ts', 'tests/**/*.prometheus.test.ts', 'tests/**/*.mutation.test.ts', 'tests/**/*.cluster.test.ts', 'tests/**/*.browser.test.ts', 'tests/**/*.docs.test.ts'] } },
      { test: { ...base, name: 'db', include: ['tests/**/*.db.test.ts'], globalSetup: 'tests/support/cluster.ts' } },
      { test: { ...base, name: 'replay', include: ['tests/**/*.replay.test.ts'], fileParallelism: false } },
      { test: { ...base, name: 'peft', include: ['tests/**/*.peft.test.ts'], fileParallelism: false } },
      { test: { ...base, name: 'docs', include: ['tests/**/*.docs.test.ts'], testTimeout: 600_000, hookTimeout: 600_000, fileParallelism: false } },
      { test: { ...base, name: 'browser', include: ['tests/**/*.browser.test.ts'], testTimeout: 600_000, hookTimeout: 600_000, fileParallelism: false } },
      { test: { ...base, name: 'cluster', include: ['tests/**/*.cluster.test.ts'], testTimeout: 180_000, hookTimeout: 180_000, fileParallelism: false } },
      { test: { ...base, name: 'prometheus', include: ['tests/**/*.prometheus.test.ts'], testTimeout: 600_000, hookTimeout: 600_000, fileParallelism: false } },
      { test: { ...base, name: 'mutation', include: ['tests/**/*.mutation.test.ts'], testTimeout: 170_000, fileParallelism: false } },
      { test: { ...base, name: 'alertmanager', include: ['tests/**/*.alertmanager.test.ts'], globalSetup: 'tests/support/cluster.ts' } },
      { test: { ...base, name: 'e2e', include: ['tests/**/*.e2e.test.ts'], globalSetup: 'tests/support/cluster.ts', testTimeout: 600_000, fileParallelism: false } },
    ],
  },
});
