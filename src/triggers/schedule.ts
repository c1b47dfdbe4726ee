/**
 * When a schedule is due. node-cron only wakes us (it has open faults around changes of daylight saving time and at
 * midnight); what is due is computed here from the spec, and taken once in the database.
 */
import { CronExpressionParser } from 'cron-parser';
import { DAY } from '../vocabulary.ts';

/**
 * The last due time at or before `now`. A local time that comes twice counts the first time; one that a night leaves out counts
 * as much later as the clock jumped. So the expression is walked in local time, which knows no jumps (a parser that walks in
 * absolute time leaves out 02:30 of such a night), and each step is then placed.
 * The expression was checked with its spec.
 */
export function lastDue(expression: string, timeZone: string, now: Date): Date {
  // a clock that was just put back had already shown later times than it shows now
  const latest = now.getTime() + Math.max(offsetAt(timeZone, now.getTime()), offsetAt(timeZone, now.getTime() - DAY));
  const cron = CronExpressionParser.parse(expression, { currentDate: new Date(latest + 1), tz: 'UTC' });
  for (;;) {
    const due = instantOf(timeZone, cron.prev().getTime());
    if (due <= now.getTime()) return new Date(due);
  }
}

/** The first due time after `now`, placed as `lastDue` places them. */
export function nextDue(expression: string, timeZone: string, now: Date): Date {
  // a clock that is about to be put forward shows later times sooner than it would
  const earliest = now.getTime() + Math.min(offsetAt(timeZone, now.getTime() - DAY), offsetAt(timeZone, now.getTime() + DAY));
  const cron = CronExpressionParser.parse(expression, { currentDate: new Date(earliest - 1), tz: 'UTC' });
  for (;;) {
    const due = instantOf(timeZone, cron.next().getTime());
    if (due > now.getTime()) return new Date(due);
  }
}

/** When a local time (milliseconds, as if it were UTC) is first shown. */
function instantOf(timeZone: string, local: number): number {
  const [before, after] = [offsetAt(timeZone, local - DAY), offsetAt(timeZone, local + DAY)];
  const shown = [local - before, local - after].filter((at) => at + offsetAt(timeZone, at) === local);
  return shown.length === 0 ? local - before : Math.min(...shown);
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Local time minus UTC, in milliseconds. */
function offsetAt(timeZone: string, at: number): number {
  // making one costs far more than using it
  const format = formats.get(timeZone) ?? new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
  formats.set(timeZone, format);
  return Date.parse(`${format.format(at).replace(' ', 'T')}Z`) - Math.floor(at / 1000) * 1000;
}

/** True when the local time of `now` lies in a window such as `01:00-05:00`; one that ends before it begins spans midnight. */
export function inWindow(window: string, timeZone: string, now: Date): boolean {
  const [from = '', to = ''] = window.split('-');
  const local = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(now);
  return from <= to ? from <= local && local < to : local >= from || local < to;
}
