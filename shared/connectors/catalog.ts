import * as v from 'valibot';
import type { MissingReason } from './missing-reasons.ts';

export const tableKinds = [
  'table',
  'view',
  'materialized_view',
  'foreign_table',
  'partition',
  'collection',
  'topic',
  'file',
] as const;

export const columnKinds = [
  'string',
  'integer',
  'decimal',
  'float',
  'boolean',
  'date',
  'time',
  'timestamp',
  'binary',
  'json',
  'uuid',
  'array',
  'geo',
  'other',
] as const;

const nullableText = v.nullable(v.string());
const nullableCount = v.nullable(v.number());

export const Column = v.object({
  name: v.string(),
  /** The type exactly as the source spells it: `character varying(255)`, `NUMBER(38,0)`, `objectId`. */
  type: v.string(),
  kind: v.picklist(columnKinds),
  nullable: v.boolean(),
  default: nullableText,
  generated: v.nullable(v.picklist(['identity', 'stored', 'virtual'])),
  comment: nullableText,
  /** The number that the source gives the column, from 1, with gaps where columns were dropped. */
  position: v.number(),
  /** The share (0–1) of sampled documents or files that have the column. Present only if columns come from a sample. */
  share: v.exactOptional(v.number()),
  /** The time of the last sample that had the column, if the newest sample does not have it. `share` then refers to that older sample. */
  seen_at: v.exactOptional(v.string()),
});
export type Column = v.InferOutput<typeof Column>;

export const ForeignKey = v.object({
  name: v.string(),
  columns: v.array(v.string()),
  references: v.object({ schema: v.string(), table: v.string(), columns: v.array(v.string()) }),
  /** False if rows may violate the key: it is not validated, disabled or only informational. */
  valid: v.boolean(),
});
export type ForeignKey = v.InferOutput<typeof ForeignKey>;

export const Index = v.object({
  name: v.string(),
  columns: v.array(v.string()),
  /** Applies only to the rows of `predicate`, and to no rows if `valid` is false. */
  unique: v.boolean(),
  /** The condition of a partial index, as the source spells it. `null` if the index contains all rows. */
  predicate: nullableText,
  /** False if the source does not use or check the index: its build failed, or it is disabled or unusable. */
  valid: v.boolean(),
});
export type Index = v.InferOutput<typeof Index>;

/** How much of a table was sampled, in exactly one of the units. `of` is their total number, or `null` if it is not known. */
export const Sampled = v.object({
  /** The number of documents that the columns come from. Other documents may have more columns. */
  documents: v.exactOptional(v.number()),
  /** The number of files that the columns come from. Other files may have more columns. */
  files: v.exactOptional(v.number()),
  /** The number of rows that the kinds of the columns come from. All columns are known. */
  rows: v.exactOptional(v.number()),
  of: nullableCount,
});
export type Sampled = v.InferOutput<typeof Sampled>;

export const Table = v.object({
  schema: v.string(),
  name: v.string(),
  kind: v.picklist(tableKinds),
  comment: nullableText,
  /** An estimate. `null` if the source does not know. */
  rows: nullableCount,
  /** The total size with indexes and large values. An estimate as old as `rows`. */
  size_bytes: nullableCount,
  /** When the source last counted `rows` and `size_bytes`. `null` if it does not say, or if it counts on each query. */
  statistics_at: nullableText,
  /** The partitioned table that a partition belongs to, as `schema.name`. */
  parent: nullableText,
  columns: v.array(Column),
  /** Absent if the whole table was read, or if the source declares its columns. */
  sampled: v.exactOptional(Sampled),
  /** True if some columns are not in the catalog; `missing` has the reason. Absent otherwise. */
  partial: v.exactOptional(v.literal(true)),
  primary_key: v.array(v.string()),
  foreign_keys: v.array(ForeignKey),
  indexes: v.array(Index),
});
export type Table = v.InferOutput<typeof Table>;

/** Whether the table may have columns that the sample does not contain. */
export const canHaveMoreColumns = ({ sampled }: Pick<Table, 'sampled'>): boolean =>
  sampled !== undefined && sampled.rows === undefined;

/** Something that the source contains and the catalog does not, with the reason and the remediation. */
export interface Missing {
  readonly reason: MissingReason;
  readonly count?: number;
  readonly remediation: string;
}

/** The part of a source to read. */
export interface CatalogScope {
  /** If present, only these schemas are read. */
  readonly schemas?: readonly string[] | undefined;
  readonly excludedSchemas: readonly string[];
}

/** Receives tables in batches, ordered by schema, then name, both by their UTF-8 bytes. Await it, because it may write to the store. */
export type TableSink = (tables: readonly Table[]) => Promise<void> | void;
