/** The only reader of the environment: one frozen object, all problems reported together. */
import os from 'node:os';
import path from 'node:path';
import { TrimtabError } from './errors.ts';

const LEVELS = ['error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LEVELS)[number];

/** A bucket of S3 or of something that speaks its language. */
export interface BucketConfig {
  readonly bucket: string;
  /** Of every key; '' or ending in a slash. */
  readonly prefix: string;
  readonly region: string;
  /** Null: Amazon's. */
  readonly endpoint: string | null;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | null;
}

export interface Config {
  /** Null: the embedded PostgreSQL in `dataDir`. */
  readonly databaseUrl: string | null;
  /** Connections that this process opens at most. */
  readonly databaseConnections: number;
  readonly dataDir: string;
  /** Bucket of the objects (adapters, datasets, exams). Null: a folder in `dataDir`. */
  readonly bucket: BucketConfig | null;
  readonly host: string;
  readonly port: number;
  /** Bootstrap key with role admin. Null: open, and then only on loopback. */
  readonly apiKey: string | null;
  readonly logLevel: LogLevel;
  readonly pretty: boolean;
  /** Whether this process brings the schema up to date. Else it waits until `migrate` has. */
  readonly migrate: boolean;
  /** Whether this process takes the steps of runs and so trains. Where several share a database one of them must, and no other should: a training job is a process of that machine. */
  readonly runs: boolean;
  /** Data-parallel workers of a training job. */
  readonly workers: number;
  /** Folder that relative base models are looked up from. */
  readonly baseDir: string;
  /** Where `engine install` keeps the TensorFlow backend. */
  readonly engineDir: string;
  /** What the driver and the loader have to know to find a GPU; else jobs are given no environment. */
  readonly gpuEnvironment: Readonly<Record<string, string>>;
  /** Days that predictions are kept. */
  readonly retentionDays: number;
  /** 32 bytes that webhook secrets are encrypted with in the database. Null: they stand there as they are. */
  readonly secretKey: Uint8Array | null;
  /** Receivers of webhooks that need not be public: `host`, `host:port`, `*.suffix` or a block of addresses. */
  readonly webhookAllow: readonly string[];
}

/** Every variable that is read, for docs/configuration.md; tests/config.test.ts holds it to what `readConfig` asks for. */
export const VARIABLES: readonly { readonly names: readonly string[]; readonly standard: string; readonly what: string }[] = [
  { names: ['DATABASE_URL'], standard: 'the embedded PostgreSQL', what: '`postgres://...`' },
  { names: ['TRIMTAB_DATABASE_CONNECTIONS'], standard: '24', what: 'connections of this process at most' },
  { names: ['TRIMTAB_DATA_DIR'], standard: '`./data`', what: 'embedded database, adapters, datasets, jobs' },
  { names: ['TRIMTAB_OBJECTS'], standard: 'a folder in the data folder', what: '`s3://BUCKET/PREFIX` for adapters, datasets and exams; needs the region and the keys below' },
  { names: ['AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'], standard: 'none', what: 'the region of the bucket, and who may use it; a session token only where the keys are short-lived' },
  { names: ['TRIMTAB_S3_ENDPOINT'], standard: 'Amazon\'s', what: 'scheme and host of another store that speaks S3\'s language, such as `http://minio:9000`' },
  { names: ['TRIMTAB_HOST', 'TRIMTAB_PORT'], standard: '`127.0.0.1`, `8080`', what: 'where it listens; other hosts than loopback need a key' },
  { names: ['TRIMTAB_API_KEY'], standard: 'none: open on loopback', what: 'first admin key, 32 characters or more' },
  { names: ['TRIMTAB_MIGRATE'], standard: '`on`', what: '`off`: waits at its start until the command `migrate` has brought the schema up to date' },
  { names: ['TRIMTAB_RUNS'], standard: '`on`', what: '`off`: takes no steps of runs; another process on the same database does, and no third' },
  { names: ['TRIMTAB_WORKERS'], standard: 'number of cores', what: 'data-parallel workers of a training job' },
  { names: ['TRIMTAB_LOG_LEVEL'], standard: '`info`', what: 'error, warn, info, debug, trace, silent' },
  { names: ['TRIMTAB_BASE_DIR'], standard: '`.`', what: 'folder that relative base models start from' },
  { names: ['TRIMTAB_ENGINE_DIR', 'XDG_CACHE_HOME'], standard: '`~/.cache/trimtab/engine`', what: 'where `engine install` puts TensorFlow; the second moves `~/.cache`' },
  { names: ['CUDA_VISIBLE_DEVICES', 'LD_LIBRARY_PATH'], standard: 'all, none', what: 'which GPUs jobs see, and where the driver\'s libraries are if not where the loader looks' },
  { names: ['TRIMTAB_RETENTION_DAYS'], standard: '90', what: 'days that predictions are kept' },
  { names: ['TRIMTAB_SECRET_KEY'], standard: 'none: webhook secrets stand in the database as they are', what: '32 random bytes in base64 that encrypt them (`openssl rand -base64 32`)' },
  { names: ['TRIMTAB_WEBHOOK_ALLOW'], standard: 'none: https to public addresses only', what: 'receivers of webhooks that need not be public: `host`, `host:port`, `*.suffix`, `10.0.0.0/8`, separated by commas' },
];

const GPU_VARIABLES = ['CUDA_VISIBLE_DEVICES', 'LD_LIBRARY_PATH'] as const;
const MIN_KEY_LENGTH = 32;
/** Leases, queue, ingest and answers each hold some at once. */
const MIN_CONNECTIONS = 8;
const KEY_BYTES = 32;
const ALLOWED = /^((\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*(:[0-9]{1,5})?|[0-9a-f.:]+\/[0-9]{1,3})$/i;
const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

/** @throws TrimtabError `bad-config` naming every variable that is wrong and what would be right */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const problems: string[] = [];
  const whole = (name: string, standard: number, min: number, max: number): number => {
    const text = env[name];
    if (text === undefined || text === '') return standard;
    const value = Number(text);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    problems.push(`${name}="${text}" should be a whole number from ${min} to ${max}`);
    return standard;
  };
  const logLevel = (env['TRIMTAB_LOG_LEVEL'] || 'info') as LogLevel;
  if (!LEVELS.includes(logLevel)) problems.push(`TRIMTAB_LOG_LEVEL="${logLevel}" should be one of ${LEVELS.join(', ')}`);
  const apiKey = env['TRIMTAB_API_KEY'] || null;
  if (apiKey !== null && apiKey.length < MIN_KEY_LENGTH) problems.push(`TRIMTAB_API_KEY has ${apiKey.length} characters; it needs at least ${MIN_KEY_LENGTH}`);
  const host = env['TRIMTAB_HOST'] || '127.0.0.1';
  if (apiKey === null && !LOOPBACK.has(host)) problems.push(`TRIMTAB_HOST="${host}" is reachable from outside and no TRIMTAB_API_KEY is set; set it, or leave TRIMTAB_HOST at 127.0.0.1`);
  const databaseUrl = env['DATABASE_URL'] || null;
  if (databaseUrl !== null && !/^postgres(ql)?:\/\//.test(databaseUrl)) problems.push('DATABASE_URL should begin with postgres://');
  const secretKey = env['TRIMTAB_SECRET_KEY'] ? Buffer.from(env['TRIMTAB_SECRET_KEY'], 'base64') : null;
  if (secretKey !== null && secretKey.length !== KEY_BYTES) problems.push(`TRIMTAB_SECRET_KEY holds ${secretKey.length} bytes; it should be ${KEY_BYTES} random bytes in base64 (openssl rand -base64 ${KEY_BYTES})`);
  const webhookAllow = (env['TRIMTAB_WEBHOOK_ALLOW'] ?? '').split(',').map((entry) => entry.trim()).filter((entry) => entry !== '');
  for (const entry of webhookAllow) if (!ALLOWED.test(entry)) problems.push(`TRIMTAB_WEBHOOK_ALLOW names "${entry}"; each entry should be a host, host:port, *.suffix or a block such as 10.0.0.0/8`);
  const onOrOff = (name: string): boolean => {
    const value = env[name] || 'on';
    if (value !== 'on' && value !== 'off') problems.push(`${name}="${value}" should be on or off`);
    return value !== 'off';
  };
  const [runs, migrate] = [onOrOff('TRIMTAB_RUNS'), onOrOff('TRIMTAB_MIGRATE')];
  if (!migrate && databaseUrl === null) problems.push('TRIMTAB_MIGRATE="off" leaves the schema to the command migrate, and without DATABASE_URL it has no database to work on');
  if (!runs && databaseUrl === null) problems.push('TRIMTAB_RUNS="off" leaves runs to another process, and without DATABASE_URL there is none that shares the database');
  const config: Config = {
    databaseUrl,
    databaseConnections: whole('TRIMTAB_DATABASE_CONNECTIONS', 24, MIN_CONNECTIONS, 500),
    dataDir: path.resolve(env['TRIMTAB_DATA_DIR'] || './data'),
    bucket: readBucket(env, problems),
    host,
    port: whole('TRIMTAB_PORT', 8080, 0, 65535),
    apiKey,
    logLevel,
    pretty: process.stdout.isTTY === true,
    migrate,
    runs,
    workers: whole('TRIMTAB_WORKERS', Math.max(1, os.availableParallelism()), 1, 64),
    baseDir: path.resolve(env['TRIMTAB_BASE_DIR'] || '.'),
    engineDir: path.resolve(env['TRIMTAB_ENGINE_DIR'] || path.join(env['XDG_CACHE_HOME'] || path.join(os.homedir(), '.cache'), 'trimtab', 'engine')),
    gpuEnvironment: Object.fromEntries(GPU_VARIABLES.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]]))),
    retentionDays: whole('TRIMTAB_RETENTION_DAYS', 90, 7, 3650),
    secretKey,
    webhookAllow,
  };
  if (problems.length > 0) throw new TrimtabError('bad-config', { problems: problems.join('; ') });
  return Object.freeze(config);
}

const BUCKET = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/([A-Za-z0-9._/-]*))?$/;

/** TRIMTAB_OBJECTS=s3://BUCKET/PREFIX, and who may use it by the names that every S3 tool reads. */
function readBucket(env: NodeJS.ProcessEnv, problems: string[]): BucketConfig | null {
  const text = env['TRIMTAB_OBJECTS'];
  if (!text) return null;
  const [, bucket, prefix = ''] = BUCKET.exec(text) ?? [];
  if (bucket === undefined) problems.push(`TRIMTAB_OBJECTS="${text}" should be s3://BUCKET or s3://BUCKET/PREFIX`);
  const endpoint = env['TRIMTAB_S3_ENDPOINT'] || null;
  if (endpoint !== null && !/^https?:\/\/[^/]+\/?$/.test(endpoint)) problems.push(`TRIMTAB_S3_ENDPOINT="${endpoint}" should be the scheme and host of the store, such as http://minio:9000`);
  const needed = (name: string): string => {
    if (!env[name]) problems.push(`TRIMTAB_OBJECTS needs ${name}`);
    return env[name] ?? '';
  };
  return {
    bucket: bucket ?? '',
    prefix: prefix === '' ? '' : `${prefix.replace(/\/$/, '')}/`,
    region: needed('AWS_REGION'),
    endpoint,
    accessKeyId: needed('AWS_ACCESS_KEY_ID'),
    secretAccessKey: needed('AWS_SECRET_ACCESS_KEY'),
    sessionToken: env['AWS_SESSION_TOKEN'] || null,
  };
}
