import { type ConversionConfig, toJsonSchema } from '@valibot/to-json-schema';
import * as v from 'valibot';
import { Table } from '../../shared/connectors/catalog.ts';
import { missingReasons } from '../../shared/connectors/missing-reasons.ts';
import { connectors } from '../../shared/connectors/registry.ts';
import { Suggestion } from '../../shared/domain/catalog/suggest-names.ts';
import { CatalogSummary, MissingPart } from '../../shared/domain/catalog/catalog-summary.ts';
import {
  Connection,
  ConnectionInput,
  ConnectionPatch,
  ListedConnection,
} from '../../shared/domain/connections/connection.ts';
import { connectorTypes } from '../../shared/domain/connections/connection-input.ts';
import { eventTypes } from '../../shared/domain/events/event-types.ts';
import { Mismatch, NotInSample } from '../../shared/domain/catalog/mismatch.ts';
import { TestStep, TestRecord, TestResult } from '../../shared/domain/testing/test-result.ts';
import { Usage } from '../../shared/domain/usages/usages.ts';
import type { WireFormat } from '../../shared/http/wire-format.ts';
import { problemCodes } from '../../shared/problem.ts';
import { apis } from '../../functions/apis.ts';

export type OpenapiJson = Readonly<Record<string, unknown>>;

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
  steps: v.exactOptional(v.array(TestStep)),
  usages: v.exactOptional(v.array(Usage)),
  request_id: v.string(),
});

/** Schemas with a name in the document. */
const answerSchemas = {
  Connection,
  ListedConnection,
  TestResult,
  TestRecord,
  Step: TestStep,
  Table,
  CatalogSummary,
  Missing: MissingPart,
  Suggestion,
  Usage,
  Mismatch,
  NotInSample,
  Problem: ProblemDocument,
  ...Object.fromEntries(Object.entries(eventTypes).map(([type, { schema }]) => [`event.${type}`, schema])),
};
const bodySchemas = { ConnectionInput, ConnectionPatch };

/** Converts a schema to JSON Schema, with references to named schemas. */
export const toOpenapiSchema = (
  schema: v.GenericSchema | undefined,
  typeMode: 'input' | 'output',
): OpenapiJson => (schema ? convertSchema(schema, typeMode) : {});

/** Converts the schema of a request body. */
export const toRequestSchema = (schema: v.GenericSchema): OpenapiJson => toOpenapiSchema(schema, 'input');

/** The named schemas, and the schemas of `config` and `credentials` of every connector. */
export const buildComponents = (): { readonly schemas: OpenapiJson } => {
  const own = {
    ...describeMissingReasons(convertSchemas(answerSchemas, 'output')),
    ...describeOpenFields(convertSchemas(bodySchemas, 'input')),
    ...convertSchemas(listApiSchemas('answers'), 'output'),
    ...convertSchemas(listApiSchemas('bodies'), 'input'),
  };
  const byConnector = Object.entries(connectors).flatMap(([type, { title, config, credentials }]) => [
    [`${type}.config`, { title: `${title}: config`, ...convertSchema(config, 'input') }],
    ...Object.entries(credentials).map(([method, schema]) => [
      `${type}.credentials.${method}`,
      { title: `${title}: credentials, auth_method ${method}`, ...convertSchema(schema, 'input') },
    ]),
  ]);
  return { schemas: { ...own, ...(Object.fromEntries(byConnector) as OpenapiJson) } };
};

/** Lists the reasons in the description: the schema is a string, because stored catalogs may have other values. */
const describeMissingReasons = ({
  Missing = {},
  ...others
}: Readonly<Record<string, OpenapiJson>>): OpenapiJson => {
  const { reason, ...properties } = Missing['properties'] as Readonly<Record<string, OpenapiJson>>; // from an object schema
  const lines = Object.entries(missingReasons).map(([value, meaning]) => `- \`${value}\`: ${meaning}`);
  const description = `Why it is missing. Catalogs of release 0.1.0 may have sentences instead for S3.\n\n${lines.join('\n')}`;
  return {
    ...others,
    Missing: { ...Missing, properties: { reason: { ...reason, description }, ...properties } },
  };
};

/** Describes `config` and `credentials` of a body as open objects: their fields depend on the connector. */
const describeOpenFields = (schemas: Readonly<Record<string, OpenapiJson>>): OpenapiJson =>
  Object.fromEntries(
    Object.entries(schemas).map(([name, { properties, ...form }]) => {
      const { config, credentials, ...others } = properties as Readonly<Record<string, OpenapiJson>>; // from an object schema
      const openFields = {
        config: { ...config, description: 'The fields of the schema `{type}.config`.' },
        credentials: {
          ...credentials,
          description: 'The fields of one of the schemas `{type}.credentials.{auth_method}`. Write-only.',
          writeOnly: true,
        },
      };
      // In a patch, `type` is refused, so it has no JSON type.
      const { type } = others;
      const typeField = type?.['type'] === 'string' && { type: { ...type, enum: connectorTypes } };
      return [name, { ...form, properties: { ...others, ...openFields, ...typeField } }];
    }),
  );

/** Converts each entry of an object schema to a parameter. */
export const toParameters = (
  schema: v.GenericSchema | undefined,
  part: 'path' | 'query' | 'header',
): readonly OpenapiJson[] => {
  if (!schema || !('entries' in schema)) return [];
  const entries = schema.entries as Readonly<Record<string, v.GenericSchema>>; // an object schema
  const { properties, required = [] } = convertSchema(schema, 'input');
  const needed = required as readonly string[]; // an array of names in JSON Schema
  return Object.entries(properties as Readonly<Record<string, OpenapiJson>>).map(
    ([name, { description, ...form }]) => ({
      name,
      in: part,
      required: part === 'path' || needed.includes(name),
      ...(description !== undefined && { description }),
      schema: toQuerySchema(form, entries[name]),
    }),
  );
};

/** Query values are text. This converts the schema to the type that the text stands for. */
const toQuerySchema = (form: OpenapiJson, entry: v.GenericSchema | undefined): OpenapiJson => {
  const { default: defaultValue, pattern: _, ...rest } = form;
  const steps = listPipeSteps(entry);
  if (steps.some(({ operation }) => operation === Number)) {
    const findBound = (type: string) => steps.find((step) => step.type === type)?.requirement;
    return {
      ...rest,
      type: 'integer',
      minimum: findBound('min_value'),
      maximum: findBound('max_value'),
      ...(defaultValue !== undefined && { default: Number(defaultValue) }),
    };
  }
  const words = form['enum'];
  if (!Array.isArray(words) || words.join() !== 'true,false') return form;
  return { type: 'boolean', ...(defaultValue !== undefined && { default: defaultValue === 'true' }) };
};

interface PipeStep {
  readonly type?: unknown;
  readonly operation?: unknown;
  readonly requirement?: unknown;
}

/** The steps of a pipe, also of a wrapped schema. A number in a query has a step that converts its digits. */
const listPipeSteps = (entry: v.GenericSchema | undefined): readonly PipeStep[] => {
  const schema = entry && 'wrapped' in entry ? entry.wrapped : entry;
  const pipe = typeof schema === 'object' && schema !== null && 'pipe' in schema ? schema.pipe : [];
  // A pipe with a description may contain another pipe.
  return Array.isArray(pipe)
    ? pipe.flatMap((step: v.GenericSchema) => ('pipe' in step ? listPipeSteps(step) : [step as PipeStep]))
    : [];
};

const convertSchemas = (
  schemas: Readonly<Record<string, v.GenericSchema>>,
  typeMode: 'input' | 'output',
): Readonly<Record<string, OpenapiJson>> =>
  Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [
      name,
      convertSchema(schema, typeMode, listOtherSchemas(name)),
    ]),
  );

const listOtherSchemas = (name: string) =>
  Object.fromEntries(Object.entries(namedSchemas).filter(([other]) => other !== name));

/** The named schemas of the other APIs, prefixed with the name of their API. */
const listApiSchemas = (kind: keyof WireFormat['schemas']): Readonly<Record<string, v.GenericSchema>> =>
  Object.fromEntries(
    Object.values(apis).flatMap(({ name, schemas }) =>
      Object.entries(schemas[kind]).map(([schema, form]) => [`${name}.${schema}`, form] as const),
    ),
  );

const namedSchemas: Readonly<Record<string, v.GenericSchema>> = {
  ...answerSchemas,
  ...bodySchemas,
  ...listApiSchemas('answers'),
  ...listApiSchemas('bodies'),
};

const convertSchema = (
  schema: v.GenericSchema,
  typeMode: 'input' | 'output',
  definitions = namedSchemas,
): OpenapiJson => {
  const {
    $schema: _,
    $defs: __,
    ...form
  } = toJsonSchema(schema, { ...conversionConfig, typeMode, definitions });
  return form as OpenapiJson;
};

const inheritedNames = ['__proto__', 'prototype', 'constructor'];

const conversionConfig = {
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
