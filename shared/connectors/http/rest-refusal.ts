import * as v from 'valibot';
import type { SourceFailure } from '../connector.ts';
import {
  type FailureMeaning,
  permissionDenied,
  readErrorFields,
  toSourceFailure,
  toTextOrEmpty,
} from '../failure-table.ts';

/** Creates the error for a status other than 200, by the reason of the service. Keeps nothing of the message, which may repeat the request.
 * `remediation` applies if the account lacks a right. */
export const createRestRefusal = (status: number, reason: string | undefined, remediation?: string): Error =>
  Object.assign(new Error('The service refused the request'), {
    code: reason ?? String(status),
    status,
    reason,
    remediation,
  });

export const isRestRefusal = (error: unknown, ...reasons: readonly string[]): boolean =>
  reasons.includes(toTextOrEmpty(readErrorFields(error)['reason']));

/**
 * Classifies by the reason of the service, or else by the status: an answer without a reason usually does not come from the service.
 */
export const classifyRestRefusal = (
  error: unknown,
  meanings: ReadonlyMap<string, FailureMeaning>,
): SourceFailure | undefined => {
  const { status, reason, remediation } = readErrorFields(error);
  if (typeof status !== 'number') return undefined;
  const native = typeof reason === 'string' ? reason : undefined;
  const isServiceAnswer = native !== undefined || status >= 500 || status === 429;
  const [code, known] = meanings.get(native ?? '') ?? [
    isServiceAnswer ? 'server-error' : 'protocol-mismatch',
  ];
  const grant = code === 'permission-denied' ? toTextOrEmpty(remediation) || permissionDenied[1] : undefined;
  return toSourceFailure([code, known ?? grant], native ?? String(status));
};

const ReasonWord = v.pipe(v.string(), v.regex(/^[\w.-]{1,64}$/));
/** OAuth answers with a word (https://www.rfc-editor.org/rfc/rfc6749#section-5.2), Google's APIs with an object of an older or a newer format. */
const RefusalBody = v.object({
  error: v.union([
    ReasonWord,
    v.object({
      status: v.optional(v.unknown()),
      errors: v.optional(v.array(v.object({ reason: v.optional(v.unknown()) }))),
      details: v.optional(v.array(v.object({ reason: v.optional(v.unknown()) }))),
    }),
  ]),
});

export const findRefusalReason = (body: unknown): string | undefined => {
  const parsed = v.safeParse(RefusalBody, body);
  if (!parsed.success) return undefined;
  const { error } = parsed.output;
  if (typeof error === 'string') return error;
  const { errors = [], details = [], status } = error;
  const words = [...errors.slice(0, 5), ...details.slice(0, 5), { reason: status }]
    .map(({ reason }) => reason)
    .filter((reason) => v.is(ReasonWord, reason));
  // The older format says no more than `forbidden`; the newer one may say why.
  return words.find((reason) => reason !== 'forbidden') ?? words[0];
};
