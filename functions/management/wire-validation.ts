import * as v from 'valibot';
import { type Finding, isMismatch } from '../../shared/domain/mismatch.ts';
import type { ExpectedTable } from '../../shared/domain/validate.ts';
import { closed, type ConnectionResponse } from './wire-schemas.ts';
import { defaultSchema } from './wire-connections.ts';

const Fields = v.pipe(v.array(v.string()), v.maxLength(50));
const Tables = v.pipe(v.record(v.string(), Fields), v.maxEntries(20));

export const ValidateSchemaRequest = v.pipe(
  closed({
    mappedFields: v.pipe(
      v.record(v.string(), Tables),
      v.minEntries(1, 'at least one data source'),
      v.maxEntries(10),
      v.description('By configName, then by table: the fields that must be there.'),
    ),
  }),
);

export const errorTypes = [
  'DATA_SOURCE_NOT_FOUND',
  'TABLE_NOT_FOUND',
  'FIELD_NOT_FOUND',
  'DATA_SOURCE_DOWN',
] as const;

const FieldError = v.object({
  type: v.picklist(errorTypes),
  dataSourceId: v.pipe(v.string(), v.description('The configName that was asked for.')),
  table: v.exactOptional(v.string()),
  field: v.exactOptional(v.string()),
});
export type FieldError = v.InferOutput<typeof FieldError>;

export const SchemaValidationError = v.object({
  code: v.literal('FET-1060'),
  title: v.string(),
  message: v.string(),
  errors: v.array(FieldError),
});

/** Lists the tables that a name may refer to, the likeliest first. Names may contain dots, so each dot may separate schema and table. */
export const readings = (
  name: string,
  fields: readonly string[],
  source: ConnectionResponse,
): ExpectedTable[] => {
  const columns = fields.map((field) => ({ name: field }));
  const usual = defaultSchema(source);
  const split = [...name.matchAll(/\./g)].slice(0, 8).map(({ index }) => ({
    schema: name.slice(0, index),
    name: name.slice(index + 1),
  }));
  const plain = split.filter(({ schema }) => schema === 'public' || schema === 'dbo');
  return [
    { schema: usual, name, columns },
    ...plain.map((one) => ({ schema: usual, name: one.name, columns })),
    ...split.map((one) => ({ ...one, columns })),
  ];
};

/** Returns the errors of the first candidate that exists, or that the table does not exist. */
export const errorsOf = (
  dataSourceId: string,
  table: string,
  byReading: readonly (readonly Finding[])[],
): FieldError[] => {
  const found = byReading.find((errors) => errors.every(({ code }) => code !== 'table-not-found'));
  if (!found) return [{ type: 'TABLE_NOT_FOUND', dataSourceId, table }];
  // Fields that are only missing from a sample are no errors: this API has no warnings.
  return found
    .filter(isMismatch)
    .map(({ column = '' }) => ({ type: 'FIELD_NOT_FOUND', dataSourceId, table, field: column }));
};
