/**
 * When a schedule is due. node-cron only wakes us (it has open faults around changes of daylight saving time and at
 * midnight); what is due is computed here from the spec, and taken once in the database.
 */
import { CronExpressionParser } from 'cron-parser';
import { TrimtabError, messageOf } from '../errors.ts';

/** A night without the local time 02:30, or with two of them, must run it once: two dues closer than this are one. */
const SAME_LOCAL_TIME_MS = 2 * 3_600_000;

/**
 * The last due time at or before `now`, or null when there was none in the last `horizonMs`.
 * @throws TrimtabError `bad-spec` for an expression that is none
 */
export function lastDue(expression: string, timeZone: string, now: Date): Date | null {
  const cron = parse(expression, timeZone, new Date(now.getTime() + 1));
  const due = cron.prev().toDate();
  const earlier = cron.prev().toDate();
  const repeated = due.getTime() - earlier.getTime() < SAME_LOCAL_TIME_MS && localTime(due, timeZone) === localTime(earlier, timeZone);
  return repeated ? earlier : due;
}

/** The next due time after `now`. */
export function nextDue(expression: string, timeZone: string, now: Date): Date {
  return parse(expression, timeZone, now).next().toDate();
}

function parse(expression: string, timeZone: string, currentDate: Date) {
  try {
    if (expression.trim().split(/\s+/).length !== 5) throw new Error('it needs five fields');
    return CronExpressionParser.parse(expression, { currentDate, tz: timeZone });
  } catch (error) {
    throw new TrimtabError('bad-spec', { problems: `/retrain/schedule "${expression}": ${messageOf(error)}; for example "0 3 * * 1"` });
  }
}

function localTime(at: Date, timeZone: string): string {
  return new Intl.DateTimeFormat('en-GB', { timeZone, dateStyle: 'short', timeStyle: 'short' }).format(at);
}

/** True when the local time of `now` lies in a window such as `01:00-05:00`; one that ends before it begins spans midnight. */
export function inWindow(window: string, timeZone: string, now: Date): boolean {
  const [from = '', to = ''] = window.split('-');
  const local = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(now);
  return from <= to ? from <= local && local < to : local >= from || local < to;
}
