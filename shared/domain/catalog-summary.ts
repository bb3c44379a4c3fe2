import * as v from 'valibot';
import { Missing } from '../connectors/catalog.ts';
import { NameRules } from '../connectors/names.ts';

/** What is known of one snapshot of a source, without its tables. */
export const CatalogSummary = v.object({
  snapshot_id: v.string(),
  introspected_at: v.string(),
  tables: v.number(),
  columns: v.number(),
  /** False when something that exists is not in the catalog; `missing` says what. */
  complete: v.boolean(),
  missing: v.array(Missing),
  /** How the source compares names; left out by releases that did not store it. */
  names: v.exactOptional(NameRules),
  /** From the first socket to the last row folded, without storing. */
  duration_ms: v.number(),
});
export type CatalogSummary = v.InferOutput<typeof CatalogSummary>;
