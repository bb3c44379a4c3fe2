import * as v from 'valibot';

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

const text = v.nullable(v.string());
const count = v.nullable(v.number());

export const Column = v.object({
  name: v.string(),
  /** Verbatim, as the source spells it: `character varying(255)`, `NUMBER(38,0)`, `objectId`. */
  type: v.string(),
  kind: v.picklist(columnKinds),
  nullable: v.boolean(),
  default: text,
  generated: v.nullable(v.picklist(['identity', 'stored', 'virtual'])),
  comment: text,
  /** As the source numbers its columns, from 1; with gaps where columns were dropped. */
  position: v.number(),
  /** The share of sampled documents or files that have it (0–1), where columns are found in a sample. */
  share: v.exactOptional(v.number()),
  /** Of a sampled table, where the last sample did not have the column: when one had it last. `share` is of then. */
  seen_at: v.exactOptional(v.string()),
});
export type Column = v.InferOutput<typeof Column>;

export const ForeignKey = v.object({
  name: v.string(),
  columns: v.array(v.string()),
  references: v.object({ schema: v.string(), table: v.string(), columns: v.array(v.string()) }),
  /** False where the source lets rows break it, or never checked those that were there: not validated, disabled or only informational. */
  valid: v.boolean(),
});
export type ForeignKey = v.InferOutput<typeof ForeignKey>;

export const Index = v.object({
  name: v.string(),
  columns: v.array(v.string()),
  /** Holds for the rows of `predicate` alone, and for nothing where `valid` is false. */
  unique: v.boolean(),
  /** Of an index of some rows: which, as the source spells it; `null` where all rows are in it. */
  predicate: text,
  /** False where the source does not use or check it: a build that failed, or an index that is disabled or unusable. */
  valid: v.boolean(),
});
export type Index = v.InferOutput<typeof Index>;

/** How much of a table was looked at, in exactly one of the units; `null` where their number is not known. */
export const Sampled = v.object({
  /** Its columns are those of so many documents: others may have more. */
  documents: v.exactOptional(v.number()),
  /** Its columns are those of so many files: others may have more. */
  files: v.exactOptional(v.number()),
  /** All its columns are known; their kinds are those of so many rows. */
  rows: v.exactOptional(v.number()),
  of: count,
});
export type Sampled = v.InferOutput<typeof Sampled>;

export const Table = v.object({
  schema: v.string(),
  name: v.string(),
  kind: v.picklist(tableKinds),
  comment: text,
  /** An estimate; `null` when the source does not know. */
  rows: count,
  /** All that it takes, its indexes and large values included; an estimate as old as `rows`. */
  size_bytes: count,
  /** When the source last counted `rows` and `size_bytes`; `null` where it does not say, or counts whenever it is asked. */
  statistics_at: text,
  /** Of a partition: the table that it is a part of, as `schema.name`. */
  parent: text,
  columns: v.array(Column),
  /** Left out where all of it was looked at, or where the source itself says what its columns are. */
  sampled: v.exactOptional(Sampled),
  /** True where some of its columns are not in the catalog; `missing` says why. Left out otherwise. */
  partial: v.exactOptional(v.literal(true)),
  primary_key: v.array(v.string()),
  foreign_keys: v.array(ForeignKey),
  indexes: v.array(Index),
});
export type Table = v.InferOutput<typeof Table>;

/** Whether it may have columns that the sample did not show. */
export const mayHaveMoreColumns = ({ sampled }: Pick<Table, 'sampled'>): boolean =>
  sampled !== undefined && sampled.rows === undefined;

/** Something that is there and is not in the catalog, with why and the cure. */
export const Missing = v.object({
  reason: v.string(),
  count: v.exactOptional(v.number()),
  remediation: v.string(),
});
export type Missing = v.InferOutput<typeof Missing>;

/** How much of a source to read. */
export interface Scope {
  /** When given, the only schemas. */
  readonly schemas?: readonly string[] | undefined;
  readonly excludedSchemas: readonly string[];
}

/** Takes tables as they are folded, in order of schema, then name, both by their UTF-8 bytes. Wait for it: it may store. */
export type Sink = (tables: readonly Table[]) => Promise<void> | void;
