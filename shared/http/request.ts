import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import * as v from 'valibot';
import { givenSecrets } from '../domain/given-secrets.ts';
import { jsonOf } from '../json.ts';
import type { Log } from '../log.ts';
import { parse, refusal } from '../parse.ts';
import { Problem } from '../problem.ts';
import type { Endpoint } from './endpoint.ts';

const mostBytes = 256 * 1024;

/** The body as text; too large is refused before anything looks into it. */
export const textOf = ({ body, isBase64Encoded }: APIGatewayProxyEventV2): string => {
  const bytes = Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length > mostBytes) throw new Problem('payload-too-large');
  return bytes.toString();
};

/** The body, parsed by the endpoint's schema. */
export const bodyOf = (
  endpoint: Endpoint,
  text: string,
  contentType: string | undefined,
  log: Pick<Log, 'hide'>,
): unknown => {
  if (!endpoint.body) return undefined;
  if (text.trim() === '') {
    if (endpoint.bodyOptional) return undefined;
    throw new Problem('invalid-request', 'body: expected a JSON object', {
      errors: [{ path: '', expected: 'a JSON object', rule: 'missing' }],
      place: 'body',
    });
  }
  if (!/^application\/([a-z0-9.-]+\+)?json *(;|$)/i.test(contentType ?? '')) {
    throw new Problem('unsupported-media-type');
  }
  const body = json(text);
  log.hide(givenSecrets(body));
  return parse(endpoint.body, body, '', 'body');
};

const json = (text: string): unknown => {
  const body = jsonOf(text);
  if (body === undefined)
    throw refusal([{ path: '', expected: 'JSON', rule: 'json' }], 'invalid-request', 'body');
  return body;
};

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
  const pairs = [...new URLSearchParams(rawQueryString)];
  const names = pairs.map(([name]) => name);
  const repeated = names.filter((name, at) => names.indexOf(name) !== at);
  if (repeated.length > 0) {
    throw refusal(
      repeated.map((name) => ({
        path: name.slice(0, 100),
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

/** `If-Match` as the version that the caller has seen: tests change an ETag, but not what he would overwrite. */
export const seenVersion = (header: string | undefined): number | undefined => {
  if (header === undefined || header.trim() === '*') return undefined;
  const versions = header.split(',').map((tag) => /^ *"(\d{1,15})\.\d{1,15}" *$/.exec(tag)?.[1]);
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
