import * as v from 'valibot';
import { isTooLarge } from '../../network/budget.ts';
import { parseForeignJson } from '../../network/foreign-json.ts';

/** https://geoparquet.org/releases/v1.1.0/ */
const GeoMetadata = v.object({
  columns: v.record(
    v.string(),
    v.object({ encoding: v.optional(v.string()), edges: v.optional(v.string()) }),
  ),
});

/**
 * Parses GeoParquet metadata: the type of each geo column that holds WKB, `undefined` for one in another encoding. Returns `unknown` if the
 * metadata is invalid or too large.
 */
export const readGeo = (
  text: string,
): ReadonlyMap<string, 'GEOMETRY' | 'GEOGRAPHY' | undefined> | 'unknown' => {
  try {
    const metadata = v.safeParse(GeoMetadata, parseForeignJson(text));
    if (!metadata.success) return 'unknown';
    return new Map(
      Object.entries(metadata.output.columns).map(([name, { encoding, edges }]) => [
        name,
        encoding === 'WKB' ? typeOfEdges(edges) : undefined,
      ]),
    );
  } catch (error) {
    if (isTooLarge(error)) return 'unknown';
    throw error;
  }
};

const typeOfEdges = (edges: string | undefined) => (edges === 'spherical' ? 'GEOGRAPHY' : 'GEOMETRY');
