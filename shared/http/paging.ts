import { createHash } from 'node:crypto';
import * as v from 'valibot';
import type { Tenant } from '../domain/tenant.ts';
import { Problem } from '../problem.ts';

/** A whole number in a query, where everything is text. */
export const digits = (least: number, most: number) => {
  const expected = `a whole number from ${least} to ${most}`;
  return v.pipe(
    v.string(),
    v.regex(/^\d{1,9}$/, expected),
    v.transform(Number),
    v.minValue(least, expected),
    v.maxValue(most, expected),
  );
};

export const Limit = v.optional(digits(1, 200), '50');

/** What every list takes. */
export const pageQuery = { limit: Limit, cursor: v.optional(v.pipe(v.string(), v.maxLength(8192))) } as const;

export const Flag = v.pipe(
  v.picklist(['true', 'false']),
  v.transform((text) => text === 'true'),
);

/** What one list answers: a page, and how to get the next. */
export const pageOf = <S extends v.GenericSchema>(item: S) =>
  v.object({ data: v.array(item), next_cursor: v.nullable(v.string()) });

/** Which list a cursor belongs to: its tenant, and everything that was filtered by. */
interface List {
  readonly tenant: Tenant;
  readonly of: readonly unknown[];
  /** Whether a text has the form of a position in this list. A caller can make a cursor of any text; nothing else goes to the store. */
  readonly accepts: (position: string) => boolean;
}

/** Positions in lists of connections: the id of the last one. */
export const acceptsId = (position: string): boolean => /^[0-9a-f]{32}$/.test(position);

/**
 * A position in one list as an opaque string. It needs no key: what it says is only where in the caller's own list to go on. The digest
 * tells a damaged one, or one of another list, from ours; the form is checked again when it comes back.
 */
export const cursorOf = (list: List, position: string | null): string | null =>
  position === null ? null : Buffer.from(`${digestOf(list, position)}${position}`).toString('base64url');

/** The position, or `invalid-cursor`. */
export const positionOf = (list: List, cursor: string | undefined): string | undefined => {
  if (cursor === undefined) return undefined;
  const text = Buffer.from(cursor, 'base64url').toString();
  const position = text.slice(digestLength);
  // Encoded again, because base64 has several spellings of the same bytes.
  if (position === '' || cursorOf(list, position) !== cursor || !list.accepts(position))
    throw new Problem('invalid-cursor');
  return position;
};

const digestLength = 22;

const digestOf = ({ tenant, of }: List, position: string) =>
  createHash('sha256')
    .update(JSON.stringify(['cursor', tenant.org, tenant.environment, of, position]))
    .digest('base64url')
    .slice(0, digestLength);
