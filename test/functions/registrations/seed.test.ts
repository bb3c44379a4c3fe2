import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { buildOpenapiDocument } from '../../../infra/build/openapi.ts';
import { type Api, startApi } from '../../api.ts';
import { seed } from '../../seeds/read.ts';
import {
  responseFields,
  createFields,
  dbTypes,
  defaultSchemas,
  validationErrorFields,
  errorFields,
} from './document.ts';
import {
  summarizeValidationErrors,
  toRegistrationData,
  register,
  buildRegistrationInput,
} from './registrations.ts';

let api: Api;
beforeEach(async () => void (api = await startApi()));
afterEach(() => api[Symbol.asyncDispose]());

const bounded = createFields.filter(({ least }) => least !== undefined);

/** A value of that length that is otherwise valid. */
const ofLength = (name: string, length: number) =>
  name === 'connection_string'
    ? 'postgresql://u:p@h/d'.padEnd(length, 'd').slice(0, length)
    : 'n'.repeat(length);

describe('seed 004, as printed', () => {
  test('contains what this test reads from it', () => {
    expect(createFields.map(({ name }) => name)).toEqual([
      'name',
      'db_type',
      'connection_string',
      'excluded_schemas',
    ]);
    expect(bounded.map(({ name, least, most }) => [name, least, most])).toEqual([
      ['name', 1, 200],
      ['connection_string', 10, undefined],
    ]);
    expect(dbTypes).toHaveLength(5);
    expect(defaultSchemas).toHaveLength(8);
    expect(responseFields).toHaveLength(10);
    expect(errorFields.map(({ name }) => name)).toEqual(['code', 'message', 'details']);
    expect(validationErrorFields.map(({ name }) => name)).toEqual(['loc', 'msg', 'type']);
  });

  test('has a path and a method that exist', async () => {
    const [, path = ''] = /^POST\n(\/\S+)$/m.exec(seed('004-registrations')) ?? [];
    expect((await api.call(`POST ${path}`, { body: buildRegistrationInput() })).status).toBe(201);
  });

  test.each(dbTypes)('has the db_type %s, which is accepted and returned', async (db_type) => {
    const answer = await register(api, { db_type });
    expect(answer.status).toBe(201);
    expect(toRegistrationData(answer)).toMatchObject({ db_type, excluded_schemas: defaultSchemas });
  });

  test.each(createFields)('$name is required: $required', async ({ name, required }) => {
    const answer = await register(api, { [name]: undefined });
    if (required) expect(summarizeValidationErrors(answer)).toEqual([422, `body.${name} missing`]);
    else expect(answer.status).toBe(201);
  });

  test.each(createFields)('$name is of type $type and not nullable', async ({ name, type }) => {
    const wrong = type === 'string' ? 'string_type' : 'list_type';
    for (const value of [null, 7, true, {}])
      expect(summarizeValidationErrors(await register(api, { [name]: value }))).toEqual([
        422,
        `body.${name} ${wrong}`,
      ]);
  });

  test.each(bounded)(
    '$name has at least $least and at most $most characters',
    async ({ name, least = 0, most }) => {
      const status = async (length: number) =>
        (await register(api, { name: `${length}`, [name]: ofLength(name, length) })).status;
      expect(summarizeValidationErrors(await register(api, { [name]: 'n'.repeat(least - 1) }))).toEqual([
        422,
        `body.${name} string_too_short`,
      ]);
      if (name === 'name') expect(await status(least)).toBe(201);
      if (most === undefined) return;
      expect(await status(most)).toBe(201);
      expect(summarizeValidationErrors(await register(api, { [name]: 'n'.repeat(most + 1) }))).toEqual([
        422,
        `body.${name} string_too_long`,
      ]);
    },
  );

  test('lists exactly the fields of an answer, with their types', async () => {
    const { body } = await register(api);
    expect(Object.keys(body)).toEqual(['success', 'data', 'error']);
    expect(body).toMatchObject({ success: true, error: null });
    const data = Object(body.data);
    expect(Object.keys(data)).toEqual(responseFields.map(({ name }) => name));
    for (const { name, type, format } of responseFields) {
      if (type === 'Any of:') expect(data[name]).toBeNull();
      else if (type === 'integer') expect(Number.isInteger(data[name])).toBe(true);
      else if (type === 'Array<string>')
        expect(data[name].every((one: unknown) => typeof one === 'string')).toBe(true);
      else expect(typeof data[name]).toBe(type);
      if (format === 'uuid') expect(data[name]).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
      if (format === 'date-time' && type === 'string')
        expect(new Date(data[name]).toISOString()).toBe(data[name]);
    }
  });

  test('lists exactly the fields of a failure', async () => {
    const { body } = await api.call('GET /api/v1/connections/none');
    expect(body).toMatchObject({ success: false, data: null });
    expect(Object.keys(Object(body['error']))).toEqual(errorFields.map(({ name }) => name));
    const { body: other } = await register(api, { name: 7 });
    expect(Object.keys(other)).toEqual(['detail']);
    for (const one of other['detail'] as readonly object[])
      expect(Object.keys(one)).toEqual(validationErrorFields.map(({ name }) => name));
  });

  test('has its texts in the schemas of the OpenAPI document', async () => {
    const { schemas } = (await buildOpenapiDocument())['components'] as { schemas: Record<string, Schema> };
    const check = (name: string, fields: typeof createFields) => {
      const { properties = {}, required = [] } = schemas[`registrations.${name}`] ?? {};
      expect(Object.keys(properties)).toEqual(fields.map((field) => field.name));
      for (const { name: field, ...told } of fields) {
        const { title, description, minLength, maxLength, pattern, type } = properties[field] ?? {};
        // The seed does not say that a name of blanks is invalid.
        const said = {
          title,
          description,
          least: minLength,
          most: maxLength,
          pattern: pattern === '\\S' ? undefined : pattern,
        };
        const { type: _, format: __, required: needed, ...wanted } = told;
        if (told.type === 'Any of:') continue; // the seed's text ends there
        expect({ [field]: said }).toEqual({ [field]: wanted });
        expect([field, type]).toEqual([field, told.type.replace(/^Array<.*/, 'array')]);
        if (needed) expect(required).toContain(field);
      }
    };
    check('ConnectionCreate', createFields);
    check('ConnectionResponse', responseFields);
    check('ErrorDetail', errorFields);
  });
});

interface Schema {
  readonly properties?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly required?: readonly string[];
}
