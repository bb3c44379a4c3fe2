import { createHash } from 'node:crypto';
import * as v from 'valibot';
import type { Tenant } from '../domain/access/tenant.ts';
import { Problem } from '../problem.ts';

/** Creates a schema for a whole number in a query string. */
export const createWholeNumber = (minimum: number, maximum: number) => {
  const expected = `a whole number from ${minimum} to ${maximum}`;
  return v.pipe(
    v.string(),
    v.regex(/^\d{1,9}$/, expected),
    v.transform(Number),
    v.minValue(minimum, expected),
    v.maxValue(maximum, expected),
  );
};

export const PageLimit = v.optional(createWholeNumber(1, 200), '50');

/** The query parameters of every list. */
export const pageQuery = {
  limit: PageLimit,
  cursor: v.optional(v.pipe(v.string(), v.maxLength(8192))),
} as const;

export const QueryFlag = v.pipe(
  v.picklist(['true', 'false']),
  v.transform((text) => text === 'true'),
);

/** Creates the schema of a list's answer: one page, and the cursor of the next. */
export const createPageSchema = <S extends v.GenericSchema>(item: S) =>
  v.object({ data: v.array(item), next_cursor: v.nullable(v.string()) });

/** The list that a cursor belongs to: its tenant and all filters. */
interface CursorList {
  readonly tenant: Tenant;
  readonly of: readonly unknown[];
  /** Whether a text has the form of a position in this list. Callers can forge cursors, so only such a text reaches the store. */
  readonly accepts: (position: string) => boolean;
}

/** Whether a text is a position in a list of connections: the id of the last one. */
export const isIdPosition = (position: string): boolean => /^[0-9a-f]{32}$/.test(position);

/**
 * Encodes a position in a list as an opaque string. It needs no secret key, because it only says where the caller's own list continues.
 * The digest detects a damaged cursor, or one of another list; decoding also checks the form of the position.
 */
export const encodeCursor = (list: CursorList, position: string | null): string | null =>
  position === null
    ? null
    : Buffer.from(`${digestPosition(list, position)}${position}`).toString('base64url');

/** Decodes a cursor. Throws `invalid-cursor`. */
export const decodeCursor = (list: CursorList, cursor: string | undefined): string | undefined => {
  if (cursor === undefined) return undefined;
  const text = Buffer.from(cursor, 'base64url').toString();
  const position = text.slice(CURSOR_DIGEST_LENGTH);
  // Compares the encoded form, because base64 has several encodings of the same bytes.
  if (position === '' || encodeCursor(list, position) !== cursor || !list.accepts(position))
    throw new Problem('invalid-cursor', 'cursor: expected the next_cursor of the same list');
  return position;
};

const CURSOR_DIGEST_LENGTH = 22;

const digestPosition = ({ tenant, of }: CursorList, position: string) =>
  createHash('sha256')
    .update(JSON.stringify(['cursor', tenant.org, tenant.environment, of, position]))
    .digest('base64url')
    .slice(0, CURSOR_DIGEST_LENGTH);
