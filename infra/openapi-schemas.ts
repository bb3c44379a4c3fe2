import { type ConversionConfig, toJsonSchema } from '@valibot/to-json-schema';
import * as v from 'valibot';
import { Table } from '../shared/connectors/catalog.ts';
import { connectors } from '../shared/connectors/registry.ts';
import { Suggestion } from '../shared/domain/autocomplete.ts';
import { CatalogSummary } from '../shared/domain/catalog-summary.ts';
import {
  Connection,
  ConnectionInput,
  ConnectionPatch,
  ListedConnection,
} from '../shared/domain/connection.ts';
import { types } from '../shared/domain/connection-input.ts';
import { Mismatch, NotInSample } from '../shared/domain/mismatch.ts';
import { Step, TestRecord, TestResult } from '../shared/domain/test-result.ts';
import { Usage } from '../shared/domain/usages.ts';
import type { Api } from '../shared/http/api.ts';
import { problemCodes } from '../shared/problem.ts';
import { apis } from '../functions/apis.ts';

export type Json = Readonly<Record<string, unknown>>;

/** The document of every failure (RFC 9457). */
export const ProblemDocument = v.strictObject({
  type: v.string(),
  title: v.string(),
  status: v.number(),
  detail: v.string(),
  code: v.picklist(problemCodes),
  errors: v.exactOptional(v.array(v.strictObject({ path: v.string(), expected: v.string() }))),
  retryable: v.boolean(),
  blame: v.picklist(['request', 'credentials', 'permissions', 'server', 'network', 'mooring']),
  remediation: v.string(),
  native_code: v.exactOptional(v.string()),
  steps: v.exactOptional(v.array(Step)),
  usages: v.exactOptional(v.array(Usage)),
  request_id: v.string(),
});

/** Schemas with a name in the document. */
const answers = {
  Connection,
  ListedConnection,
  TestResult,
  TestRecord,
  Step,
  Table,
  CatalogSummary,
  Suggestion,
  Usage,
  Mismatch,
  NotInSample,
  Problem: ProblemDocument,
};
const bodies = { ConnectionInput, ConnectionPatch };

/** Converts a schema to JSON Schema, with references to named schemas. */
export const jsonSchema = (schema: v.GenericSchema | undefined, typeMode: 'input' | 'output'): Json =>
  schema ? convert(schema, typeMode) : {};

/** Converts the schema of a request body. */
export const requestSchema = (schema: v.GenericSchema): Json => jsonSchema(schema, 'input');

/** The named schemas, and the schemas of `config` and `credentials` of every connector. */
export const components = (): { readonly schemas: Json } => {
  const own = {
    ...all(answers, 'output'),
    ...described(all(bodies, 'input')),
    ...all(spoken('answers'), 'output'),
    ...all(spoken('bodies'), 'input'),
  };
  const byConnector = Object.entries(connectors).flatMap(([type, { title, config, credentials }]) => [
    [`${type}.config`, { title: `${title}: config`, ...convert(config, 'input') }],
    ...Object.entries(credentials).map(([method, schema]) => [
      `${type}.credentials.${method}`,
      { title: `${title}: credentials, auth_method ${method}`, ...convert(schema, 'input') },
    ]),
  ]);
  return { schemas: { ...own, ...(Object.fromEntries(byConnector) as Json) } };
};

/** Describes `config` and `credentials` of a body as open objects: their fields depend on the connector. */
const described = (schemas: Readonly<Record<string, Json>>): Json =>
  Object.fromEntries(
    Object.entries(schemas).map(([name, { properties, ...form }]) => {
      const { config, credentials, ...others } = properties as Readonly<Record<string, Json>>; // from an object schema
      const told = {
        config: { ...config, description: 'The fields of the schema `{type}.config`.' },
        credentials: {
          ...credentials,
          description: 'The fields of a schema `{type}.credentials.{auth_method}`; write-only.',
          writeOnly: true,
        },
      };
      // In a patch, `type` is refused, so it has no JSON type.
      const { type } = others;
      const known = type?.['type'] === 'string' && { type: { ...type, enum: types } };
      return [name, { ...form, properties: { ...others, ...told, ...known } }];
    }),
  );

/** Converts each entry of an object schema to a parameter. */
export const parametersOf = (
  schema: v.GenericSchema | undefined,
  place: 'path' | 'query' | 'header',
): readonly Json[] => {
  if (!schema || !('entries' in schema)) return [];
  const entries = schema.entries as Readonly<Record<string, v.GenericSchema>>; // an object schema
  const { properties, required = [] } = convert(schema, 'input');
  const needed = required as readonly string[]; // an array of names in JSON Schema
  return Object.entries(properties as Readonly<Record<string, Json>>).map(
    ([name, { description, ...form }]) => ({
      name,
      in: place,
      required: place === 'path' || needed.includes(name),
      ...(description !== undefined && { description }),
      schema: meant(form, entries[name]),
    }),
  );
};

/** Query values are text. This converts the schema to the type that the text stands for. */
const meant = (form: Json, entry: v.GenericSchema | undefined): Json => {
  const { default: usual, pattern: _, ...rest } = form;
  const steps = stepsOf(entry);
  if (steps.some(({ operation }) => operation === Number)) {
    const bound = (type: string) => steps.find((step) => step.type === type)?.requirement;
    return {
      ...rest,
      type: 'integer',
      minimum: bound('min_value'),
      maximum: bound('max_value'),
      ...(usual !== undefined && { default: Number(usual) }),
    };
  }
  const words = form['enum'];
  if (!Array.isArray(words) || words.join() !== 'true,false') return form;
  return { type: 'boolean', ...(usual !== undefined && { default: usual === 'true' }) };
};

interface PipeStep {
  readonly type?: unknown;
  readonly operation?: unknown;
  readonly requirement?: unknown;
}

/** The steps of a pipe, also of a wrapped schema. A number in a query has a step that converts its digits. */
const stepsOf = (entry: v.GenericSchema | undefined): readonly PipeStep[] => {
  const schema = entry && 'wrapped' in entry ? entry.wrapped : entry;
  const pipe = typeof schema === 'object' && schema !== null && 'pipe' in schema ? schema.pipe : [];
  return Array.isArray(pipe) ? pipe : [];
};

const all = (
  schemas: Readonly<Record<string, v.GenericSchema>>,
  typeMode: 'input' | 'output',
): Readonly<Record<string, Json>> =>
  Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [name, convert(schema, typeMode, without(name))]),
  );

const without = (name: string) =>
  Object.fromEntries(Object.entries(named).filter(([other]) => other !== name));

/** The named schemas of the other APIs, prefixed with the name of their API. */
const spoken = (kind: keyof Api['schemas']): Readonly<Record<string, v.GenericSchema>> =>
  Object.fromEntries(
    Object.values(apis).flatMap(({ name, schemas }) =>
      Object.entries(schemas[kind]).map(([schema, form]) => [`${name}.${schema}`, form] as const),
    ),
  );

const named: Readonly<Record<string, v.GenericSchema>> = {
  ...answers,
  ...bodies,
  ...spoken('answers'),
  ...spoken('bodies'),
};

const convert = (schema: v.GenericSchema, typeMode: 'input' | 'output', definitions = named): Json => {
  const { $schema: _, $defs: __, ...form } = toJsonSchema(schema, { ...config, typeMode, definitions });
  return form as Json;
};

const inheritedNames = ['__proto__', 'prototype', 'constructor'];

const config = {
  target: 'draft-2020-12',
  // Checks by functions have no equivalent in JSON Schema. Their messages become descriptions below.
  errorMode: 'ignore',
  overrideRef: ({ referenceId }) => `#/components/schemas/${referenceId}`,
  // Valibot drops these keys from a record, so requests with them are refused.
  overrideSchema: ({ valibotSchema: { type }, jsonSchema: { propertyNames, ...form } }) =>
    type === 'record' && typeof propertyNames === 'object'
      ? { ...form, propertyNames: { ...propertyNames, not: { enum: inheritedNames } } }
      : undefined,
  overrideAction: ({ valibotAction: action, jsonSchema: form }) => {
    // A text of blanks only counts as empty.
    if (action.type === 'trim') return { ...form, pattern: '\\S' };
    return action.type === 'check' && 'message' in action && typeof action.message === 'string'
      ? { ...form, description: action.message }
      : undefined;
  },
} as const satisfies ConversionConfig;
