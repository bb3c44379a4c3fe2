import { isUtf8 } from 'node:buffer';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { findRequestSecrets } from '../domain/input/request-secrets.ts';
import { hasRepeatedName, isNestedDeeper, tryParseJson } from '../json.ts';
import type { Log } from '../log.ts';
import { parseInput, createFieldProblem } from '../parse-input.ts';
import { Problem } from '../problem.ts';
import type { Endpoint } from './endpoint.ts';

const MAX_BODY_BYTES = 256 * 1024;
const MAX_BODY_DEPTH = 64;

type HeaderReader = (name: string) => string | undefined;

/** Decodes the body from the gateway's event. Throws `payload-too-large` before anything inspects the bytes. */
export const readBodyBytes = ({ body, isBase64Encoded }: APIGatewayProxyEventV2): Buffer => {
  const bytes = Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length > MAX_BODY_BYTES)
    throw new Problem('payload-too-large', 'The request body is too large: send at most 256 KB');
  return bytes;
};

/** Parses the body with the endpoint's schema. Throws `invalid-request` or `unsupported-media-type`. */
export const parseBody = (
  endpoint: Endpoint,
  bytes: Buffer,
  header: HeaderReader,
  log: Pick<Log, 'hide'>,
): unknown => {
  if (!endpoint.body) return undefined;
  if (bytes.toString('latin1').trim() === '') {
    if (endpoint.bodyOptional) return undefined;
    throw new Problem('invalid-request', 'body: expected a JSON object', {
      errors: [{ path: '', expected: 'a JSON object', rule: 'missing' }],
      requestPart: 'body',
    });
  }
  checkMediaType(header);
  const body = parseBodyJson(decodeUtf8(bytes));
  log.hide(findRequestSecrets(body));
  return parseInput(endpoint.body, body, '', 'body');
};

const checkMediaType = (header: HeaderReader) => {
  const [type = '', ...parameters] = (header('content-type') ?? '').split(';');
  if (!/^application\/([a-z0-9.-]+\+)?json *$/i.test(type))
    throw new Problem('unsupported-media-type', 'Content-Type: expected application/json');
  const charset = parameters.map((parameter) => /^\s*charset\s*=\s*"?([^"\s]*)"?\s*$/i.exec(parameter)?.[1]);
  if (charset.some((name) => name !== undefined && !/^utf-?8$/i.test(name)))
    throw new Problem('unsupported-media-type', 'Content-Type: expected the charset utf-8, or no charset', {
      remediation: 'Encode the body as UTF-8 and send `Content-Type: application/json`.',
    });
  const encoding = header('content-encoding') ?? 'identity';
  if (!/^\s*identity\s*$/i.test(encoding))
    throw new Problem('unsupported-media-type', 'Content-Encoding: expected no encoding', {
      remediation: 'Send the body uncompressed, without the header Content-Encoding.',
      headers: { 'accept-encoding': 'identity' },
    });
};

/**
 * Refuses invalid UTF-8 instead of replacing it: a password in another encoding would be stored with U+FFFD in it. If the gateway decoded the
 * body, it has inserted U+FFFD itself, so a literal U+FFFD is refused too. JSON has an escape for it.
 */
const decodeUtf8 = (bytes: Buffer): string => {
  if (!isUtf8(bytes)) throw createUtf8Problem();
  const text = bytes.toString();
  if (text.startsWith('\uFEFF')) throw createBodyProblem('JSON without a byte order mark');
  if (text.includes('\uFFFD')) throw createUtf8Problem();
  return text;
};

const parseBodyJson = (text: string): unknown => {
  if (isNestedDeeper(text, MAX_BODY_DEPTH))
    throw createBodyProblem(`JSON with at most ${MAX_BODY_DEPTH} levels of nesting`);
  const body = tryParseJson(text);
  if (body === undefined) throw createBodyProblem('JSON');
  if (hasRepeatedName(text)) throw createBodyProblem('JSON in which each name occurs only once in an object');
  return body;
};

const createUtf8Problem = () =>
  createBodyProblem('UTF-8', {
    remediation:
      'Encode the body as UTF-8. In Windows PowerShell, pass -Body ([Text.Encoding]::UTF8.GetBytes($json)).',
  });

const createBodyProblem = (expected: string, extras: { readonly remediation?: string } = {}) => {
  const {
    code,
    message,
    extras: fieldExtras,
  } = createFieldProblem([{ path: '', expected, rule: 'json' }], 'invalid-request', 'body');
  const remediation = 'Correct the JSON of the request body, then send the request again.';
  return new Problem(code, message, { ...fieldExtras, remediation, ...extras });
};
