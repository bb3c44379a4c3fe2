import { beforeAll, describe, expect, test } from '@jest/globals';
import * as v from 'valibot';
import { DeploymentSettings } from '../../shared/settings.ts';
import { createAnswerChecker, type CheckAnswer } from './answers.ts';

let check: CheckAnswer;
beforeAll(async () => {
  check = await createAnswerChecker();
});

const settings = v.parse(DeploymentSettings, {});
const said = (
  key: string | undefined,
  status: number,
  type: string | undefined,
  text: string,
  at = '/v1/x',
) => {
  const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type };
  try {
    check({ key, method: 'GET', path: at, settings }, { status, headers, text });
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : 'no error';
  }
};

const list = 'GET /v1/connections';
const json = 'application/json';
const failure = 'application/problem+json';
const problem = {
  type: '/v1/problems/not-found',
  title: 'x',
  status: 404,
  detail: 'x',
  code: 'not-found',
  retryable: false,
  blame: 'request',
  remediation: 'x',
  request_id: 'x',
};

describe('answer checker', () => {
  test('accepts an answer that the OpenAPI document has', () => {
    expect(said(list, 200, json, '{"data":[],"next_cursor":null}')).toBe('');
    expect(said('DELETE /v1/connections/{id}', 204, undefined, '')).toBe('');
    expect(said('GET /v1/connections/{id}', 304, undefined, '')).toBe('');
    expect(said('GET /v1/connections/{id}', 404, failure, JSON.stringify(problem))).toBe('');
    expect(said('GET /v1/docs', 200, 'text/html; charset=utf-8', '<html></html>')).toBe('');
  });

  test.each([
    ['of a status that it has not', list, 418, json, '{}', /418 .*status/],
    ['of another type', list, 200, 'text/plain', '{}', /content type/],
    ['without a body that is promised', list, 200, undefined, '', /body/],
    ['with a body where none is promised', 'DELETE /v1/connections/{id}', 204, json, '{}', /body/],
    [
      'with a field that is wrong',
      list,
      200,
      json,
      '{"data":"hunter2","next_cursor":null}',
      /\/data must be array/,
    ],
    ['without a field', list, 200, json, '{"data":[]}', /next_cursor/],
    [
      'with a text that is empty',
      'GET /v1/connections/{id}',
      404,
      failure,
      JSON.stringify({ ...problem, remediation: '' }),
      /text .* is empty/,
    ],
    ['of a problem that the route does not name', list, 400, failure, JSON.stringify(problem), /\/code/],
  ] as const)('rejects an answer %s, and does not quote it', (_, key, status, type, text, why) => {
    expect(said(key, status, type, text)).toMatch(why);
    expect(said(key, status, type, text)).toContain(`${key} answers ${status}`);
    expect(said(key, status, type, text)).not.toContain('hunter2');
  });

  test('expects the failure format of the API whose path was requested, where no route answered', () => {
    expect(said(undefined, 404, failure, JSON.stringify(problem))).toBe('');
    expect(said(undefined, 404, failure, '{}')).toMatch(/GET \/v1\/x.* must have/);
    expect(said(undefined, 404, json, '{}')).toMatch(/content type/);
    const other = '/api/v1/connections/x/y';
    expect(said(undefined, 404, failure, JSON.stringify(problem), other)).toMatch(/content type/);
    expect(said(undefined, 404, json, '{"hunter2":1}', other)).toMatch(/must have/);
  });
});
