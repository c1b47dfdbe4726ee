import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isTrimtabError } from '../../src/errors.ts';
import { FORMATS, wants } from '../../src/webhooks/in/formats.ts';
import { bounded, type Message } from '../../src/webhooks/in/message.ts';
import { WEBHOOK_SOURCES, type WebhookSource } from '../../src/vocabulary.ts';

function read(format: WebhookSource, body: unknown, headers: Record<string, string> = {}, signedId: string | null = null): Message[] {
  return FORMATS[format].parse({ headers, body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), signedId });
}
const refused = (text: RegExp) => expect.objectContaining({ code: 'bad-request', message: expect.stringMatching(text) as string }) as Error;

describe('alertmanager', () => {
  const alert = (over: object = {}) => ({
    status: 'firing', labels: { alertname: 'ModelDrift', model: 'router' }, annotations: { summary: 'router has drifted' }, startsAt: '2026-11-23T10:00:00Z',
    endsAt: '0001-01-01T00:00:00Z', generatorURL: 'http://prometheus/graph', fingerprint: 'b2c1', ...over,
  });
  const payload = (alerts: unknown, over: object = {}) => ({
    version: '4', groupKey: '{}:{alertname="ModelDrift"}', truncatedAlerts: 0, status: 'firing', receiver: 'retrain', notification_reason: 'new', groupLabels: {}, commonLabels: {},
    commonAnnotations: {}, routeLabels: {}, externalURL: 'http://am', alerts, ...over,
  });

  test('a firing alert asks for a run of the model that its label names', () => {
    expect(read('alertmanager', payload([alert()]))).toMatchObject([{
      id: 'b2c1:2026-11-23T10:00:00Z', type: 'ModelDrift', model: 'router', why: 'router has drifted', evidence: { groupKey: '{}:{alertname="ModelDrift"}', receiver: 'retrain', labels: { model: 'router' } },
    }]);
  });
  test('a repetition, also of another group and of the other of a pair, has the id of the first; the next time has not', () => {
    const [first] = read('alertmanager', payload([alert()]));
    const [again] = read('alertmanager', payload([alert({ endsAt: '2026-11-23T11:00:00Z' })], { groupKey: 'other', externalURL: 'http://am-2' }));
    const [next] = read('alertmanager', payload([alert({ startsAt: '2026-11-24T10:00:00Z' })]));
    expect(again?.id).toBe(first?.id);
    expect(next?.id).not.toBe(first?.id);
  });
  test('resolved alerts only inform; a group may hold both', () => {
    expect(read('alertmanager', payload([alert({ status: 'resolved' })], { status: 'resolved' }))).toEqual([]);
    expect(read('alertmanager', payload([alert({ status: 'resolved' }), alert({ fingerprint: 'ff' })]))).toHaveLength(1);
  });
  test.each([[payload([alert()], { version: '3' }), /version: it is "3"/], [payload({}), /alerts: it is no list/], [payload([alert({ fingerprint: 7 })]), /alerts\/0\/fingerprint/], [[], /no JSON object/]])('refused: %j', (body, text) => {
    expect(() => read('alertmanager', body)).toThrow(refused(text));
  });
});

describe('github', () => {
  const headers = (event: string) => ({ 'x-github-event': event, 'x-github-delivery': '72d3162e-cc78' });
  const repository = { full_name: 'octo/data' };
  test.each([
    ['push', { ref: 'refs/heads/main', after: 'abc', repository }, 'push:refs/heads/main', null],
    ['release', { action: 'published', repository }, 'release.published', null],
    ['repository_dispatch', { action: 'retrain', client_payload: { model: 'router', why: 'new rows' }, repository }, 'repository_dispatch.retrain', 'router'],
  ])('%s', (event, body, type, model) => {
    expect(read('github', body, headers(event))).toMatchObject([{ id: '72d3162e-cc78', type, model, evidence: { repository: 'octo/data' } }]);
  });
  test('a ping only informs; a form is told what to set', () => {
    expect(read('github', { zen: 'x' }, headers('ping'))).toEqual([]);
    expect(() => read('github', 'payload=%7B%7D', headers('push'))).toThrow(refused(/send JSON/));
    expect(() => read('github', {}, {})).toThrow(refused(/X-GitHub-Event: it is missing/));
  });
});

describe('cloudevents', () => {
  const event = { specversion: '1.0', id: '7', source: '/etl', type: 'com.example.rows', subject: 'router', data: { rows: 10 } };
  const binary = { 'ce-specversion': '1.0', 'ce-id': '7', 'ce-source': '/etl', 'ce-type': 'com.example.rows', 'ce-subject': 'router', 'content-type': 'application/json; charset=utf-8' };
  test('structured, binary and batch read the same event as the same message', () => {
    const [structured] = read('cloudevents', event, { 'content-type': 'Application/CloudEvents+json; charset=utf-8' });
    const [inBinary] = read('cloudevents', { rows: 10 }, binary);
    const batch = read('cloudevents', [event, { ...event, id: '8', data: { model: 'fraud' } }], { 'content-type': 'application/cloudevents-batch+json' });
    expect(structured).toMatchObject({ type: 'com.example.rows', model: 'router', evidence: { source: '/etl', data: { rows: 10 } } });
    expect(inBinary).toEqual(structured);
    expect(batch[0]).toEqual(structured);
    expect(batch[1]).toMatchObject({ model: 'fraud' });
    expect(batch[1]?.id).not.toBe(structured?.id);
  });
  test('an id is of its source; what is signed stands before headers that are not', () => {
    const other = read('cloudevents', '', { ...binary, 'ce-source': '/other' });
    expect(other[0]?.id).not.toBe(read('cloudevents', '', binary)[0]?.id);
    expect(read('cloudevents', '{}', { ...binary, 'ce-id': 'forged' }, 'msg_1')[0]?.id).toBe('msg_1');
  });
  test('attributes in headers are percent-encoded; data of another type is not looked into', () => {
    expect(read('cloudevents', '<x/>', { ...binary, 'ce-subject': 'caf%C3%A9', 'content-type': 'text/xml' })).toMatchObject([{ model: 'café' }]);
    expect(read('cloudevents', '', { ...binary, 'ce-subject': '100%' })).toMatchObject([{ model: '100%' }]);
  });
  test.each([[{}, /specversion in the ce- headers/], [{ ...binary, 'ce-id': '' }, /id in the ce- headers/]])('refused: %j', (headers, text) => {
    expect(() => read('cloudevents', '', headers)).toThrow(refused(text));
  });
  test('a batch that is none', () => expect(() => read('cloudevents', event, { 'content-type': 'application/cloudevents-batch+json' })).toThrow(refused(/no list/)));
});

describe('standard and our own', () => {
  test('the envelope', () => {
    expect(read('standard', { type: 'rows.ready', timestamp: 'x', data: { model: 'router', why: 'a month of rows', rows: 7 } }, {}, 'msg_1')).toEqual([
      { id: 'msg_1', type: 'rows.ready', model: 'router', why: 'a month of rows', evidence: { model: 'router', why: 'a month of rows', rows: 7 } },
    ]);
  });
  test('our own: the id that is signed, else the one it names', () => {
    expect(read('trimtab', {}, {}, 'msg_1')).toEqual([{ id: 'msg_1', type: 'webhook', model: null, why: 'asked for (webhook)', evidence: {} }]);
    expect(read('trimtab', { id: 'a', why: 'w', evidence: [1] })).toEqual([{ id: 'a', type: 'webhook', model: null, why: 'w', evidence: { value: [1] } }]);
    expect(read('trimtab', { id: 'a' }, {}, 'msg_1')[0]?.id).toBe('msg_1');
    expect(() => read('trimtab', { why: 'w' })).toThrow(refused(/id: it is missing/));
    expect(() => read('trimtab', { id: 'a', reason: 'w' })).toThrow(refused(/has a field "reason"/));
  });
});

test('types are chosen whole, or up to a point or colon', () => {
  expect(wants([], 'anything')).toBe(true);
  expect(wants(['release'], 'release.published')).toBe(true);
  expect(wants(['push'], 'push:refs/heads/main')).toBe(true);
  expect(wants(['push:refs/heads/main'], 'push:refs/heads/mainline')).toBe(false);
  expect(wants(['rel'], 'release')).toBe(false);
  expect(wants(['a', 'b'], 'b')).toBe(true);
});

// texts with what PostgreSQL and logs do not take, as JSON can carry them
const nasty = fc.string({ unit: fc.constantFrom('a', '\0', '\n', '\ud800', '😀', '"', '\\') });
const anything = fc.jsonValue({ depthSize: 'medium' });
const storable = (value: unknown) => {
  const text = JSON.stringify(value);
  return !/\\u0000|\\ud[89a-f]/.test(text) && text.length < 150_000;
};

test.each(WEBHOOK_SOURCES)('%s: whatever JSON comes, it is read into what can be stored, or refused as a bad request', (format) => {
  const shaped = fc.record({ version: fc.constant('4'), type: fc.oneof(nasty, anything), data: anything, id: fc.oneof(nasty, anything), evidence: anything, alerts: fc.array(fc.record({ status: fc.constant('firing'), labels: fc.dictionary(nasty, nasty), fingerprint: nasty, startsAt: nasty })) }, { requiredKeys: [] });
  const headers = fc.record({ 'x-github-event': nasty, 'x-github-delivery': nasty, 'ce-specversion': fc.constant('1.0'), 'ce-id': nasty, 'ce-source': nasty, 'ce-type': nasty, 'content-type': fc.constantFrom('application/json', 'application/cloudevents+json', 'application/cloudevents-batch+json', 'text/plain') });
  fc.assert(fc.property(fc.oneof(shaped, anything, fc.array(shaped)), headers, fc.constantFrom(null, 'msg_1'), (body, given, signedId) => {
    try {
      for (const message of read(format, body, given, signedId)) {
        expect(message.id).not.toBe('');
        expect(message.why).not.toBe('');
        expect(storable(message)).toBe(true);
      }
    } catch (error) {
      if (!isTrimtabError(error, 'bad-request')) throw error;
    }
  }), { numRuns: 200 });
});

test('bytes that are no JSON or no UTF-8 are refused as such', () => {
  for (const body of [Buffer.from(''), Buffer.from('{'), Buffer.from([0x7b, 0xff, 0x7d])]) {
    expect(() => FORMATS.standard.parse({ headers: {}, body, signedId: 'msg_1' })).toThrow(refused(/the body: /));
  }
});

test('evidence is cut to a bounded size, however it is nested', () => {
  const wide = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`k${i}`, 'x'.repeat(10_000)]));
  expect(JSON.stringify(bounded({ wide, deep: { a: { b: { c: { d: { e: { f: { g: 1 } } } } } } } })).length).toBeLessThan(150_000);
  const bush: unknown = (function grow(depth: number): unknown { return depth === 0 ? 'y'.repeat(3_000) : Array.from({ length: 8 }, () => grow(depth - 1)); })(5);
  expect(JSON.stringify(bounded({ bush })).length).toBeLessThan(150_000);
});
