import * as v from 'valibot';
import { canHaveMoreColumns, type Sampled, type Table } from '../../connectors/catalog.ts';

const mismatchLocation = {
  /** `null` if the request names no schema and the table does not exist. */
  schema: v.nullable(v.string()),
  table: v.string(),
  column: v.exactOptional(v.string()),
  expected: v.exactOptional(v.string()),
  found: v.exactOptional(v.string()),
  did_you_mean: v.exactOptional(v.string()),
};

/** One difference between a source and what was expected. */
export const Mismatch = v.object({
  code: v.picklist([
    'table-not-found',
    'column-not-found',
    'type-mismatch',
    'kind-mismatch',
    'nullability-mismatch',
  ]),
  ...mismatchLocation,
});
export type Mismatch = v.InferOutput<typeof Mismatch>;

/** Something that a sample did not contain. The rest of the table may contain it. */
export const NotInSample = v.object({
  code: v.literal('not-in-sample'),
  ...mismatchLocation,
  detail: v.string(),
  remediation: v.string(),
});
type NotInSample = v.InferOutput<typeof NotInSample>;

export type Finding = Mismatch | NotInSample;

export const isMismatch = (finding: Finding): finding is Mismatch => finding.code !== 'not-in-sample';

/** Turns mismatches into warnings where the table was only sampled or is incomplete in the catalog. */
export const classifyBySample = (table: Table, mismatches: readonly Mismatch[]): Finding[] =>
  mismatches.map((mismatch) => toSampleWarning(table, mismatch) ?? mismatch);

const toSampleWarning = (table: Table, { code, ...at }: Mismatch): NotInSample | undefined => {
  const { sampled, partial } = table;
  if (code === 'column-not-found' && partial) return { code: 'not-in-sample', ...at, ...partialTableAdvice };
  if (!sampled) return undefined;
  if ((code === 'kind-mismatch' || code === 'type-mismatch') && isWiderKind(at.expected, at.found, sampled))
    return {
      code: 'not-in-sample',
      ...at,
      detail: `${describeSample(sampled)} sampled, and the expected kind covers all values found.`,
      remediation: 'Keep the expected kind: rows outside the sample may have other values.',
    };
  if (code === 'column-not-found' && canHaveMoreColumns(table))
    return { code: 'not-in-sample', ...at, ...explainMissingColumn(sampled) };
  if (code === 'nullability-mismatch' && at.expected === 'nullable')
    return {
      code: 'not-in-sample',
      ...at,
      detail: `${describeSample(sampled)} sampled, and no null was found.`,
      remediation: 'Keep expecting nulls: only a constraint of the source rules them out.',
    };
  return undefined;
};

const partialTableAdvice: Pick<NotInSample, 'detail' | 'remediation'> = {
  detail: 'Not all columns of the table are in the catalog.',
  remediation: 'Follow the remediation in `missing` of the catalog, then read the schema again.',
};

/** Whether a column of the expected kind may contain values of the found kind. Also compares lists of types separated by `|`. */
const isWiderKind = (expected = '', found = '', { documents }: Sampled): boolean =>
  widerKinds.get(found)?.includes(expected) === true ||
  (expected === 'string' && documents === undefined) ||
  (expected.includes('|') && found.split('|').every((type) => expected.split('|').includes(type)));

const widerKinds: ReadonlyMap<string, readonly string[]> = new Map([
  ['integer', ['decimal', 'float']],
  ['int', ['long', 'double', 'decimal']],
  ['long', ['double', 'decimal']],
  ['decimal', ['float']],
  ['date', ['timestamp']],
]);

const explainMissingColumn = (sampled: Sampled): Pick<NotInSample, 'detail' | 'remediation'> => {
  if (sampled.documents === 0 || sampled.files === 0)
    return {
      detail: 'The sample is empty: no part of the table could be read.',
      remediation: 'Follow the remediation in `missing` of the catalog, then read the schema again.',
    };
  return sampled.files === undefined
    ? {
        detail: `${describeSample(sampled)} sampled, and the field was not found.`,
        remediation:
          'Query the source for a document that has the field, or declare the field in the $jsonSchema of the validator: declared fields are always in the catalog.',
      }
    : {
        detail: `${describeSample(sampled)} sampled, and the column was not found.`,
        remediation:
          sampled.of === null || sampled.of > 1
            ? 'Look for the column in the other files: only the last readable file is sampled.'
            : 'Look for the column in the rest of the file.',
      };
};

const describeSample = (sampled: Sampled): string => {
  const unit = (['documents', 'files', 'rows'] as const).find((one) => sampled[one] !== undefined);
  const [count, of] = [(unit && sampled[unit]) ?? 0, sampled.of];
  const share = of === null ? `${count}` : `${count} of ${of}`;
  const noun = (of ?? count) === 1 ? unit?.slice(0, -1) : unit;
  return `${share} ${noun} ${count === 1 ? 'was' : 'were'}`;
};
