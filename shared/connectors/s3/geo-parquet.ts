import * as v from 'valibot';
import { isTooLargeProblem } from '../../network/budget.ts';
import { parseForeignJson } from '../../network/http/parse-foreign-json.ts';

/** https://geoparquet.org/releases/v1.1.0/ */
const GeoParquetMetadata = v.object({
  columns: v.record(
    v.string(),
    v.object({ encoding: v.optional(v.string()), edges: v.optional(v.string()) }),
  ),
});

/**
 * Parses GeoParquet metadata: the type of each geo column that holds WKB, `undefined` for one in another encoding. Returns `unknown` if the
 * metadata is invalid or too large.
 */
export const parseGeoParquet = (
  text: string,
): ReadonlyMap<string, 'GEOMETRY' | 'GEOGRAPHY' | undefined> | 'unknown' => {
  try {
    const metadata = v.safeParse(GeoParquetMetadata, parseForeignJson(text));
    if (!metadata.success) return 'unknown';
    return new Map(
      Object.entries(metadata.output.columns).map(([name, { encoding, edges }]) => [
        name,
        encoding === 'WKB' ? toGeoType(edges) : undefined,
      ]),
    );
  } catch (error) {
    if (isTooLargeProblem(error)) return 'unknown';
    throw error;
  }
};

const toGeoType = (edges: string | undefined) => (edges === 'spherical' ? 'GEOGRAPHY' : 'GEOMETRY');
