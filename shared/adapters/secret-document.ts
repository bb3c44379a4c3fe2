import * as v from 'valibot';
import { jsonOf } from '../json.ts';
import type { SecretDocument, SecretOwner } from '../ports/vault.ts';
import { Problem } from '../problem.ts';
import { secretName } from './derive.ts';

/** The text of a document, as both vaults keep it; refuses more than Secrets Manager takes. */
export const writeDocument = (document: SecretDocument): string => {
  const text = JSON.stringify(document);
  if (Buffer.byteLength(text) <= mostBytes) return text;
  const expected = `credentials of at most ${mostBytes} bytes in all`;
  throw new Problem('invalid-request', `credentials: expected ${expected}`, {
    errors: [{ path: 'credentials', expected }],
  });
};

/** The document, if it is in a layout that is known and belongs to this owner; says nothing of it otherwise. */
export const readDocument = (text: string | undefined, owner: SecretOwner): SecretDocument => {
  const document = parsed(text);
  const { org, environment, id } = document.owner;
  if (org !== owner.org || environment !== owner.environment || id !== owner.id) throw new Error(another);
  return document;
};

/** Whom a document says that it belongs to. */
export const ownerIn = (text: string | undefined): SecretOwner => parsed(text).owner;

const parsed = (text: string | undefined): SecretDocument => {
  const document = v.safeParse(Document, json(text));
  if (!document.success) throw unreadable(new Error('A secret is in no layout that this version knows'));
  return document.output;
};

/** A secret that was named for somebody else is not even read. */
export const refuseOther = (name: string, prefix: string, owner: SecretOwner): void => {
  if (name !== secretName(prefix, owner)) throw new Error(another);
};

export const missing = (): never => {
  throw new Problem('credentials-required');
};

/** For a secret that is there and damaged: sent again, the credentials replace it. */
export const unreadable = (cause: unknown): Problem =>
  new Problem('credentials-required', 'The stored credentials cannot be read: send them again', {
    remediation:
      'Send the whole set of credentials again with PATCH or PUT; it replaces the one that cannot be read.',
    cause,
  });

export const twice = (): never => {
  throw new Problem('internal', 'The connection has a secret already');
};

/** Refuses what Secrets Manager would: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html */
export const checkedDays = (days: number): number => {
  if (days === 0 || (Number.isInteger(days) && days >= 7 && days <= 30)) return days;
  throw new RangeError('A removed secret is kept for 7 to 30 days, or not at all');
};

/** A JSON object, or `undefined`. */
export const json = (text: string | undefined): Readonly<Record<string, unknown>> | undefined => {
  const value = jsonOf(text ?? '');
  return v.is(Fields, value) && !Array.isArray(value) ? value : undefined;
};

/** https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html */
const mostBytes = 65_536;

const another = 'A secret is not of the connection that names it';

const Fields = v.record(v.string(), v.unknown());
const Texts = v.record(v.string(), v.string());

const Document = v.strictObject({
  layout: v.literal(1),
  owner: v.strictObject({ org: v.string(), environment: v.string(), id: v.string() }),
  destination: Texts,
  credentials: Texts,
});
