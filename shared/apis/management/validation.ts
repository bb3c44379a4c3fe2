import * as v from 'valibot';
import { type Finding, isMismatch } from '../../domain/catalog/mismatch.ts';
import type { ExpectedTable } from '../../domain/catalog/validate-tables.ts';
import { createClosedObject, type ManagementConnection } from './schemas.ts';
import { resolveDefaultSchema } from './connections.ts';

const MappedFieldNames = v.pipe(v.array(v.string()), v.maxLength(50));
const MappedTables = v.pipe(v.record(v.string(), MappedFieldNames), v.maxEntries(20));

export const ValidateSchemaRequest = v.pipe(
  createClosedObject({
    mappedFields: v.pipe(
      v.record(v.string(), MappedTables),
      v.minEntries(1, 'at least one data source'),
      v.maxEntries(10),
      v.description('The required fields, by configName, then by table.'),
    ),
  }),
);

export const mappedFieldErrorTypes = [
  'DATA_SOURCE_NOT_FOUND',
  'TABLE_NOT_FOUND',
  'FIELD_NOT_FOUND',
  'DATA_SOURCE_DOWN',
] as const;

const MappedFieldError = v.object({
  type: v.picklist(mappedFieldErrorTypes),
  dataSourceId: v.pipe(v.string(), v.description('The configName in the request.')),
  table: v.exactOptional(v.string()),
  field: v.exactOptional(v.string()),
});
export type MappedFieldError = v.InferOutput<typeof MappedFieldError>;

export const SchemaValidationError = v.object({
  code: v.literal('FET-1060'),
  title: v.string(),
  message: v.string(),
  errors: v.array(MappedFieldError),
});

/** Lists the tables that a name may refer to, the likeliest first. Names may contain dots, so each dot may separate schema and table. */
export const listTableCandidates = (
  name: string,
  fields: readonly string[],
  source: ManagementConnection,
): ExpectedTable[] => {
  const columns = fields.map((field) => ({ name: field }));
  const implicitSchema = resolveDefaultSchema(source);
  const qualified = [...name.matchAll(/\./g)].slice(0, 8).map(({ index }) => ({
    schema: name.slice(0, index),
    name: name.slice(index + 1),
  }));
  const plain = qualified.filter(({ schema }) => schema === 'public' || schema === 'dbo');
  return [
    { schema: implicitSchema, name, columns },
    ...plain.map((one) => ({ schema: implicitSchema, name: one.name, columns })),
    ...qualified.map((one) => ({ ...one, columns })),
  ];
};

/** Returns the errors of the first candidate that exists, or that the table does not exist. */
export const toMappedFieldErrors = (
  dataSourceId: string,
  table: string,
  findingsByCandidate: readonly (readonly Finding[])[],
): MappedFieldError[] => {
  const found = findingsByCandidate.find((errors) => errors.every(({ code }) => code !== 'table-not-found'));
  if (!found) return [{ type: 'TABLE_NOT_FOUND', dataSourceId, table }];
  // Fields that are only missing from a sample are no errors: this API has no warnings.
  return found
    .filter(isMismatch)
    .map(({ column = '' }) => ({ type: 'FIELD_NOT_FOUND', dataSourceId, table, field: column }));
};
