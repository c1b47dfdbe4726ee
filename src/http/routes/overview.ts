/** What people look at: the fleet, one model over time, one run from near. */
import Type from 'typebox';
import { EXAM_KINDS } from '../../overview/index.ts';
import type { HttpParts } from '../parts.ts';
import { answers } from '../schemas/answers.ts';
import { IdParams, list, ModelParams, oneOf, ref, strict } from '../schemas/common.ts';
import { FleetView, RunCourseView, RunExamView, TimelineView } from '../schemas/overview.ts';
import { tellTime } from '../service-time.ts';
import type { TypedApp } from './app.ts';

const tags = ['models'];
const POINTS = 2_000;
const EXAMPLES = 20;
const ExamQuery = Type.Object(
  {
    kind: Type.Optional(oneOf(EXAM_KINDS, 'which rows: those on which the challenger was better (when left out), worse, or not entirely right')),
    limit: Type.Optional(Type.Integer({ minimum: 0, maximum: 500, description: `rows at most; ${EXAMPLES} when left out` })),
  },
  strict,
);
const instant = (description: string) => Type.Optional(Type.String({ format: 'date-time', description }));
const SpanQuery = Type.Object(
  {
    since: instant('left out: as far back as there is anything'),
    until: instant('left out: now'),
    points: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000, description: `points at most, ${POINTS} when left out; panes that share one are summed` })),
  },
  strict,
);

export function overviewRoutes(app: TypedApp, { overview, clock }: Pick<HttpParts, 'overview' | 'clock'>): void {
  const config = { may: 'read' } as const;
  app.get(
    '/v1/fleet',
    { config, schema: { tags, summary: 'Every model on one line: what is live, its quality, alarms, next schedule, run', querystring: Type.Object({}, strict), response: answers(200, list(FleetView), [400]) } },
    async (_request, reply) => {
      tellTime(reply, clock);
      return overview.fleet();
    },
  );

  app.get(
    '/v1/models/:name/timeline',
    { config, schema: { tags, summary: 'Quality, monitors, incidents, promotions and runs over time', params: ModelParams, querystring: SpanQuery, response: answers(200, ref(TimelineView), [400, 404]) } },
    ({ params, query: { since, until, points = POINTS } }) =>
      overview.timeline({ model: params.name, points, ...(since === undefined ? {} : { from: new Date(since) }), ...(until === undefined ? {} : { to: new Date(until) }) }),
  );

  app.get(
    '/v1/runs/:id/course',
    { config, schema: { tags: ['runs'], summary: 'A run from near: why it began, its stages, the course of its jobs, what it cost', params: IdParams, response: answers(200, ref(RunCourseView), [400, 404]) } },
    (request) => overview.runCourse(request.params.id),
  );

  app.get(
    '/v1/runs/:id/exam',
    { config, schema: { tags: ['runs'], summary: 'The exam to read: rows on which challenger and opponent differ, and both by label', params: IdParams, querystring: ExamQuery, response: answers(200, ref(RunExamView), [400, 404]) } },
    ({ params, query: { kind = 'better', limit = EXAMPLES } }) => overview.runExam({ run: params.id, kind, limit }),
  );
}
