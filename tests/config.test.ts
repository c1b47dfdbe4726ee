import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { readConfig } from '../src/config.ts';

const KEY = 'k'.repeat(32);

describe('config', () => {
  test('nothing set: the embedded database, loopback, open', () => {
    expect(readConfig({})).toMatchObject({ databaseUrl: null, dataDir: path.resolve('data'), host: '127.0.0.1', port: 8080, apiKey: null, retentionDays: 90 });
  });

  test('what is set is taken, and the whole is frozen', () => {
    const config = readConfig({ DATABASE_URL: 'postgres://u@h/d', TRIMTAB_PORT: '0', TRIMTAB_HOST: '0.0.0.0', TRIMTAB_API_KEY: KEY, TRIMTAB_WORKERS: '3' });
    expect(config).toMatchObject({ databaseUrl: 'postgres://u@h/d', port: 0, host: '0.0.0.0', apiKey: KEY, workers: 3 });
    expect(Object.isFrozen(config)).toBe(true);
  });

  test('all problems are told together, each with the variable, its value and what would be right', () => {
    const wrong = { DATABASE_URL: 'mysql://x', TRIMTAB_PORT: '80a', TRIMTAB_API_KEY: 'short', TRIMTAB_LOG_LEVEL: 'loud', TRIMTAB_RETENTION_DAYS: '1', TRIMTAB_SECRET_KEY: 'c2hvcnQ=', TRIMTAB_WEBHOOK_ALLOW: 'ok.example:80,http://no' };
    const message = (() => {
      try {
        readConfig(wrong);
        return '';
      } catch (error) {
        return (error as Error).message;
      }
    })();
    for (const part of ['DATABASE_URL should begin with postgres://', 'TRIMTAB_PORT="80a" should be a whole number from 0 to 65535', 'TRIMTAB_API_KEY has 5 characters; it needs at least 32', 'TRIMTAB_LOG_LEVEL="loud" should be one of', 'TRIMTAB_RETENTION_DAYS="1" should be a whole number from 7', 'TRIMTAB_SECRET_KEY holds 5 bytes; it should be 32 random bytes', 'TRIMTAB_WEBHOOK_ALLOW names "http://no"']) {
      expect(message).toContain(part);
    }
  });

  test('who takes no steps of runs shares a database with somebody who does', () => {
    expect(readConfig({})).toMatchObject({ runs: true, migrate: true, databaseConnections: 24 });
    expect(readConfig({ TRIMTAB_RUNS: 'off', TRIMTAB_DATABASE_CONNECTIONS: '8', DATABASE_URL: 'postgres://u@h/d' })).toMatchObject({ runs: false, databaseConnections: 8 });
    expect(() => readConfig({ TRIMTAB_RUNS: 'off' })).toThrow(/TRIMTAB_RUNS="off" leaves runs to another process, and without DATABASE_URL there is none/);
    expect(() => readConfig({ TRIMTAB_MIGRATE: 'off' })).toThrow(/TRIMTAB_MIGRATE="off" leaves the schema to the command migrate/);
    expect(() => readConfig({ TRIMTAB_RUNS: 'no' })).toThrow(/TRIMTAB_RUNS="no" should be on or off/);
  });

  test('webhooks: a key for their secrets, and receivers that need not be public', () => {
    expect(readConfig({})).toMatchObject({ secretKey: null, webhookAllow: [] });
    const key = Buffer.alloc(32, 7);
    const config = readConfig({ TRIMTAB_SECRET_KEY: key.toString('base64'), TRIMTAB_WEBHOOK_ALLOW: 'receiver:8080, *.svc.cluster.local,10.0.0.0/8,fd00::/8' });
    expect(config).toMatchObject({ secretKey: key, webhookAllow: ['receiver:8080', '*.svc.cluster.local', '10.0.0.0/8', 'fd00::/8'] });
  });

  test('jobs are told of the environment what finds a GPU, and nothing else', () => {
    expect(readConfig({}).gpuEnvironment).toEqual({});
    expect(readConfig({ CUDA_VISIBLE_DEVICES: '', LD_LIBRARY_PATH: '/usr/local/nvidia/lib64', TRIMTAB_API_KEY: KEY }).gpuEnvironment).toEqual({ CUDA_VISIBLE_DEVICES: '', LD_LIBRARY_PATH: '/usr/local/nvidia/lib64' });
  });

  test('objects may stand in a bucket', () => {
    const aws = { AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' };
    const bucket = { bucket: 'adapters', prefix: '', region: 'eu-central-1', endpoint: null, accessKeyId: 'id', secretAccessKey: 'secret', sessionToken: null };
    expect(readConfig({}).bucket).toBeNull();
    expect(readConfig({ ...aws, TRIMTAB_OBJECTS: 's3://adapters' }).bucket).toEqual(bucket);
    expect(readConfig({ ...aws, TRIMTAB_OBJECTS: 's3://adapters/a/b', TRIMTAB_S3_ENDPOINT: 'http://minio:9000' }).bucket).toEqual({ ...bucket, prefix: 'a/b/', endpoint: 'http://minio:9000' });
    expect(() => readConfig({ TRIMTAB_OBJECTS: 's3://adapters' })).toThrow(/needs AWS_REGION; TRIMTAB_OBJECTS needs AWS_ACCESS_KEY_ID; TRIMTAB_OBJECTS needs AWS_SECRET/);
    expect(() => readConfig({ ...aws, TRIMTAB_OBJECTS: 'gs://x', TRIMTAB_S3_ENDPOINT: 'minio:9000' })).toThrow(/should be s3:\/\/BUCKET.*scheme and host/);
  });

  test('a service without a key does not listen beyond this machine', () => {
    expect(() => readConfig({ TRIMTAB_HOST: '0.0.0.0' })).toThrow(/TRIMTAB_HOST="0.0.0.0" is reachable from outside and no TRIMTAB_API_KEY is set/);
  });
});
