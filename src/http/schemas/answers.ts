/** What a route answers, by status: its own body when it worked, a problem document (RFC 9457) for everything else. */
import Type, { type TSchema } from 'typebox';
import { CATALOGUE, type ErrorCode } from '../../errors.ts';

export const PROBLEM_TYPE = 'application/problem+json';

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly retryAfter?: number;
  readonly errors?: readonly { readonly at: string; readonly problem: string }[];
}

export const ProblemSchema = Type.Object(
  {
    type: Type.String({ description: 'urn:trimtab:error:<code>' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'what was wrong, where, and what would be right' }),
    instance: Type.String({ description: 'id of the request: the log has more under it' }),
    code: Type.Enum(Object.keys(CATALOGUE), { type: 'string' }),
    retryable: Type.Boolean({ description: 'whether trying again can help' }),
    retryAfter: Type.Optional(Type.Number({ description: 'seconds' })),
    errors: Type.Optional(Type.Array(Type.Object({ at: Type.String({ description: 'where in the request' }), problem: Type.String() }))),
  },
  { $id: 'Problem', title: 'Problem' },
);

/** Problems of every protected route: no key, wrong role, too many, a fault, too much at once. */
export const PROTECTED = [401, 403, 429, 500, 503] as const;
/** Further problems of a route that takes a body. */
export const BODY = [400, 413, 415] as const;

/** Answers of a protected route: `status` with `body`, and the problems. Only the good answer is typed: handlers throw the others. */
export function answers<const S extends number, T extends TSchema>(status: S, body: T, problems: readonly number[] = []): Record<S, T> {
  return { [status]: body, ...problemsOf([...problems, ...PROTECTED]) } as Record<S, T>;
}

/** Problem documents for some statuses. */
export function problemsOf(statuses: readonly number[]): Record<number, TSchema> {
  return Object.fromEntries(statuses.map((status) => [status, problemAnswer(status)])) as unknown as Record<number, TSchema>;
}

function problemAnswer(status: number) {
  const codes = Object.entries(CATALOGUE).filter(([, entry]) => entry.status === status).map(([code]) => code);
  return { description: codes.join(', '), content: { [PROBLEM_TYPE]: { schema: { $ref: 'Problem#' } } } };
}
