import * as v from 'valibot';
import { tryParseJson } from '../json.ts';
import type { SecretDocument, SecretOwner } from '../ports/vault.ts';
import { Problem } from '../problem.ts';
import { toSecretName } from './secret-name.ts';

/** Encodes a document as both vaults store it. Refuses more than Secrets Manager accepts. */
export const encodeSecretDocument = (document: SecretDocument): string => {
  const text = JSON.stringify(document);
  if (Buffer.byteLength(text) <= MAX_SECRET_BYTES) return text;
  const expected = `credentials with at most ${MAX_SECRET_BYTES} bytes in total`;
  throw new Problem('invalid-request', `credentials: expected ${expected}`, {
    errors: [{ path: 'credentials', expected }],
  });
};

/** Parses a document of a known layout that belongs to this owner. Errors do not contain any of its content. */
export const parseSecretDocument = (text: string | undefined, owner: SecretOwner): SecretDocument => {
  const document = parseStoredDocument(text);
  const { org, environment, id } = document.owner;
  if (org !== owner.org || environment !== owner.environment || id !== owner.id)
    throw new Error(wrongOwnerMessage);
  return document;
};

/** The owner that a document names. */
export const parseSecretOwner = (text: string | undefined): SecretOwner => parseStoredDocument(text).owner;

const parseStoredDocument = (text: string | undefined): SecretDocument => {
  const document = v.safeParse(SecretDocumentSchema, parseJsonObject(text));
  if (!document.success)
    throw createUnreadableProblem(new Error('The secret has a layout that this version does not know'));
  return document.output;
};

/** Refuses a secret whose name belongs to another owner, before it is read. */
export const checkSecretName = (name: string, prefix: string, owner: SecretOwner): void => {
  if (name !== toSecretName(prefix, owner)) throw new Error(wrongOwnerMessage);
};

export const throwCredentialsMissing = (): never => {
  throw new Problem('credentials-required');
};

/** The problem for a damaged secret. Sending the credentials again replaces it. */
export const createUnreadableProblem = (cause: unknown): Problem =>
  new Problem('credentials-required', 'The stored credentials cannot be read', {
    remediation: 'Send all fields of the credentials again with PATCH or PUT.',
    cause,
  });

export const throwSecretExists = (): never => {
  throw new Problem('internal', 'The connection already has a secret');
};

/** Accepts the same values as Secrets Manager: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html */
export const requireRemovalDays = (days: number): number => {
  if (days === 0 || (Number.isInteger(days) && days >= 7 && days <= 30)) return days;
  throw new RangeError('A removed secret is kept for 7 to 30 days, or not at all');
};

/** The JSON object in the text; `undefined` if it contains anything else. */
export const parseJsonObject = (text: string | undefined): Readonly<Record<string, unknown>> | undefined => {
  const value = tryParseJson(text ?? '');
  return v.is(JsonFields, value) && !Array.isArray(value) ? value : undefined;
};

/** https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html */
const MAX_SECRET_BYTES = 65_536;

const wrongOwnerMessage = 'A secret is not of the connection that names it';

const JsonFields = v.record(v.string(), v.unknown());
const TextFields = v.record(v.string(), v.string());

const SecretDocumentSchema = v.strictObject({
  layout: v.literal(1),
  owner: v.strictObject({ org: v.string(), environment: v.string(), id: v.string() }),
  destination: TextFields,
  credentials: TextFields,
});
