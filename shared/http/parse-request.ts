import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import * as v from 'valibot';
import { parseInput, createFieldProblem, maskUnknownName } from '../parse-input.ts';
import { Problem } from '../problem.ts';
import type { Endpoint } from './endpoint.ts';

/** Parses the path parameters. An invalid id is `not-found`; an invalid consumer name is `invalid-request`, because callers choose it. */
export const parseParams = (endpoint: Endpoint, { pathParameters }: APIGatewayProxyEventV2): unknown => {
  if (!endpoint.params) return undefined;
  const result = v.safeParse(endpoint.params, pathParameters ?? {});
  if (result.success) return result.output;
  if (result.issues.some((issue) => v.getDotPath(issue) !== 'consumer'))
    throw new Problem('not-found', 'The id in the path is not valid', { requestPart: 'path' });
  return parseInput(endpoint.params, pathParameters, '', 'path');
};

/** Parses the headers that an endpoint declares, by their lower-case names. */
export const parseHeaders = (endpoint: Endpoint, header: (name: string) => string | undefined): unknown => {
  if (!endpoint.headers) return undefined;
  const given = Object.keys(endpoint.headers.entries).flatMap((name) => {
    const value = header(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return parseInput(endpoint.headers, Object.fromEntries(given), '', 'header');
};

/** Parses the raw query string, because the gateway joins repeated parameters, which are refused here. */
export const parseQuery = (endpoint: Endpoint, { rawQueryString }: APIGatewayProxyEventV2): unknown => {
  if (!isPercentEncodedUtf8(rawQueryString))
    throw createFieldProblem([{ path: '', expected: 'percent-encoded UTF-8' }], 'invalid-request', 'query');
  const pairs = [...new URLSearchParams(rawQueryString)];
  const names = pairs.map(([name]) => name);
  const repeated = names.filter((name, at) => names.indexOf(name) !== at);
  if (repeated.length > 0) {
    throw createFieldProblem(
      repeated.map((name) => ({
        path: maskUnknownName(name),
        expected: 'the parameter only once',
        rule: 'repeated',
      })),
      'invalid-request',
      'query',
    );
  }
  const query = Object.fromEntries(pairs);
  return parseInput(endpoint.query ?? v.strictObject({}), query, '', 'query');
};

/** `URLSearchParams` would replace invalid UTF-8 with U+FFFD. */
const isPercentEncodedUtf8 = (text: string): boolean => {
  if (!text.includes('%')) return true;
  try {
    decodeURIComponent(text.replaceAll(/%(?![0-9a-f]{2})/gi, '%25'));
    return true;
  } catch {
    return false;
  }
};

/** Parses `If-Match` to the connection's version. Ignores the rest of the ETag, which tests change without a change of the connection. */
export const parseIfMatch = (header: string | undefined): number | undefined => {
  if (header === undefined || header.trim() === '*') return undefined;
  const versions = header
    .split(',')
    .map((tag) => /^ *"(\d{1,15})\.\d{1,15}(?:\.\d{1,15})?" *$/.exec(tag)?.[1]);
  // -1 matches no version: the tag is not one of Mooring's.
  const [version] = versions;
  return versions.length === 1 && version !== undefined ? Number(version) : -1;
};

/** Returns the `Idempotency-Key` of a create, if there is one. Throws if its length is invalid. */
export const parseIdempotencyKey = (header: string | undefined): string | undefined => {
  if (header !== undefined && (header === '' || header.length > 255)) {
    throw createFieldProblem([{ path: 'Idempotency-Key', expected: '1 to 255 characters' }]);
  }
  return header;
};
