import addFormats from 'ajv-formats';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { findApiByPath } from '../../functions/apis.ts';
import { buildOpenapiDocument } from '../../infra/build/openapi.ts';
import { type OpenapiJson, toOpenapiSchema } from '../../infra/build/openapi-schemas.ts';
import { hasFailureFormat } from '../../shared/http/wire-format.ts';
import type { DeploymentSettings } from '../../shared/settings.ts';

interface Asked {
  /** The route that answered, or `undefined` where no route did. */
  readonly key: string | undefined;
  readonly method: string;
  readonly path: string;
  readonly settings: DeploymentSettings;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/**
 * Throws when the OpenAPI document has no such answer for the route. The error never quotes the answer, which
 * may contain a secret.
 */
export type CheckAnswer = (asked: Asked, answer: Answer) => void;

/** Checks against the document that is built from the current route table. */
export const createAnswerChecker = async (): Promise<CheckAnswer> => {
  const document = await buildOpenapiDocument();
  const ajv = addFormats.default(new Ajv2020({ strict: false, validateSchema: false }));
  ajv.addSchema(document, 'document');
  const known = new Map<string, ValidateFunction>();
  const validator = (pointer: string): ValidateFunction => {
    const found = known.get(pointer) ?? ajv.compile({ $ref: `document#${pointer}` });
    known.set(pointer, found);
    return found;
  };

  return (asked, { status, headers, text }) => {
    const name = asked.key ?? `${asked.method} ${asked.path}, which is no route,`;
    const fail = (why: string) => {
      throw new Error(`${name} answers ${status} otherwise than the OpenAPI document says: ${why}`);
    };
    const type = headers['content-type'];
    const where = asked.key === undefined ? undefined : placeOf(asked.key, status);
    if (where && !at(document, where)) fail('the status is not there');
    const types = where ? Object.keys(Object(at(document, [...where, 'content']))) : [typeOfFailure(asked)];
    if (types.length === 0 || type === undefined) {
      if (text !== '' || (types.length > 0 && status !== 304)) fail('a body is there, or is not');
      return;
    }
    if (!types.includes(type)) fail('the content type is another');
    if (!type.includes('json')) return;
    const validate = where
      ? validator(pointerTo([...where, 'content', type, 'schema']))
      : ajv.compile(schemaOfFailure(asked, status));
    const body: unknown = JSON.parse(text);
    if (hasEmptyText(body)) fail('a text that people read is empty');
    if (validate(body)) return;
    for (const { instancePath, message = 'is wrong' } of validate.errors ?? [])
      fail(`${instancePath || 'the body'} ${message}`);
  };
};

/** Fields that people read, in any API. */
const texts = new Set(['title', 'detail', 'remediation', 'expected', 'message', 'reason']);

const hasEmptyText = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  Object.entries(value).some(([name, inside]) => (texts.has(name) && inside === '') || hasEmptyText(inside));

const placeOf = (key: string, status: number): readonly string[] => {
  const [method = '', path = ''] = key.split(' ');
  return ['paths', path, method.toLowerCase(), 'responses', String(status)];
};

const at = (document: OpenapiJson, path: readonly string[]): unknown =>
  path.reduce<unknown>((inside, name) => Object(inside)[name], document);

const pointerTo = (path: readonly string[]) =>
  path.map((name) => `/${encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'))}`).join('');

// Where no route matches, the answer has the failure format of the API whose path was requested.
const typeOfFailure = ({ path, settings }: Asked) =>
  hasFailureFormat(findApiByPath(path, settings)) ? 'application/json' : 'application/problem+json';

const schemaOfFailure = ({ path, settings }: Asked, status: number): OpenapiJson => {
  const api = findApiByPath(path, settings);
  const schema = hasFailureFormat(api) ? toOpenapiSchema(api.failureBody(status), 'output') : problem;
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"document#/')) as OpenapiJson;
};

const problem = { $ref: '#/components/schemas/Problem' };
