import * as v from 'valibot';
import { NameRules } from '../../connectors/name-rules.ts';

/** Something that the source contains and the catalog does not. `reason` is a `MissingReason`, or a text of release 0.1.0. */
export const MissingPart = v.object({
  reason: v.string(),
  count: v.exactOptional(v.number()),
  remediation: v.string(),
});

/** Describes one snapshot of a catalog, without its tables. */
export const CatalogSummary = v.object({
  snapshot_id: v.string(),
  introspected_at: v.string(),
  tables: v.number(),
  columns: v.number(),
  /** False if something that exists in the source is not in the catalog; `missing` says what. */
  complete: v.boolean(),
  missing: v.array(MissingPart),
  /** How the source compares names. Absent in snapshots of releases that did not store it. */
  names: v.exactOptional(NameRules),
  /** From opening the first socket to reading the last row, without the time for storing. */
  duration_ms: v.number(),
});
export type CatalogSummary = v.InferOutput<typeof CatalogSummary>;
