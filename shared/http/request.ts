import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import * as v from 'valibot';
import { parse, refusal, tellUnknownName } from '../parse.ts';
import { Problem } from '../problem.ts';
import type { Endpoint } from './endpoint.ts';

/** The path's parameters; an id of the wrong form names nothing here. A consumer's name is the caller's own, as in a body. */
export const paramsOf = (endpoint: Endpoint, { pathParameters }: APIGatewayProxyEventV2): unknown => {
  if (!endpoint.params) return undefined;
  const result = v.safeParse(endpoint.params, pathParameters ?? {});
  if (result.success) return result.output;
  if (result.issues.some((issue) => v.getDotPath(issue) !== 'consumer'))
    throw new Problem('not-found', undefined, { place: 'path' });
  return parse(endpoint.params, pathParameters, '', 'path');
};

/** The headers that an endpoint declares, by their lower-case names. */
export const headersOf = (endpoint: Endpoint, header: (name: string) => string | undefined): unknown => {
  if (!endpoint.headers) return undefined;
  const given = Object.keys(endpoint.headers.entries).flatMap((name) => {
    const value = header(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return parse(endpoint.headers, Object.fromEntries(given), '', 'header');
};

/** The query, from its raw text: the gateway joins repeated parameters, and we refuse them. */
export const queryOf = (endpoint: Endpoint, { rawQueryString }: APIGatewayProxyEventV2): unknown => {
  if (!isPercentEncodedUtf8(rawQueryString))
    throw refusal([{ path: '', expected: 'percent-encoded UTF-8' }], 'invalid-request', 'query');
  const pairs = [...new URLSearchParams(rawQueryString)];
  const names = pairs.map(([name]) => name);
  const repeated = names.filter((name, at) => names.indexOf(name) !== at);
  if (repeated.length > 0) {
    throw refusal(
      repeated.map((name) => ({
        path: tellUnknownName(name),
        expected: 'the parameter once',
        rule: 'repeated',
      })),
      'invalid-request',
      'query',
    );
  }
  const query = Object.fromEntries(pairs);
  return parse(endpoint.query ?? v.strictObject({}), query, '', 'query');
};

/** `URLSearchParams` would put U+FFFD in the place of what is not. */
const isPercentEncodedUtf8 = (text: string): boolean => {
  if (!text.includes('%')) return true;
  try {
    decodeURIComponent(text.replaceAll(/%(?![0-9a-f]{2})/gi, '%25'));
    return true;
  } catch {
    return false;
  }
};

/** `If-Match` as the version that the caller has seen: tests change an ETag, but not what he would overwrite. */
export const seenVersion = (header: string | undefined): number | undefined => {
  if (header === undefined || header.trim() === '*') return undefined;
  const versions = header
    .split(',')
    .map((tag) => /^ *"(\d{1,15})\.\d{1,15}(?:\.\d{1,15})?" *$/.exec(tag)?.[1]);
  // A tag that is none of ours can match nothing.
  const [version] = versions;
  return versions.length === 1 && version !== undefined ? Number(version) : -1;
};

/** The `Idempotency-Key` of a create, where it has one. */
export const idempotencyKey = (header: string | undefined): string | undefined => {
  if (header !== undefined && (header === '' || header.length > 255)) {
    throw refusal([{ path: 'Idempotency-Key', expected: '1 to 255 characters' }]);
  }
  return header;
};
