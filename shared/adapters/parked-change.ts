import { deserialize, serialize } from 'node:v8';
import type { Item, StoreEvent } from '../ports/store.ts';

/** A parked change as a file: the record of a stream as it was received, or the images of a local change. */
interface ParkedFile {
  readonly layout: 1;
  readonly parked_at: string;
  /** Records of DynamoDB's stream, as Lambda passes them to `publish`. */
  readonly records?: readonly unknown[];
  readonly local?: { readonly id: string; readonly before?: string; readonly after?: string };
}

export const encodeParkedRecord = ({ raw }: StoreEvent, now: number): string =>
  JSON.stringify({ layout: 1, parked_at: new Date(now).toISOString(), records: [raw] } satisfies ParkedFile);

export const encodeParkedLocal = ({ id, before, after, raw }: StoreEvent, now: number): string => {
  const images = (raw ?? {
    ...(before && { before: serialize(before) }),
    ...(after && { after: serialize(after) }),
  }) as { readonly before?: Uint8Array | null; readonly after?: Uint8Array | null };
  const encode = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
  return JSON.stringify({
    layout: 1,
    parked_at: new Date(now).toISOString(),
    local: {
      id,
      ...(images.before && { before: encode(images.before) }),
      ...(images.after && { after: encode(images.after) }),
    },
  } satisfies ParkedFile);
};

/**
 * The records of a parked file, also of one that Lambda wrote after it gave up a batch.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
 */
export const parseParkedRecords = (text: string): readonly unknown[] => {
  const { records, payload } = parseObject(text);
  const found = records ?? parseObject(payload)['Records'];
  if (!Array.isArray(found)) throw new Error('A parked file: expected records of a stream');
  return found;
};

/** The local change of a parked file. Throws if this release cannot read its images either. */
export const parseParkedLocal = (text: string): StoreEvent => {
  const { local } = parseObject(text);
  const { id, before, after } = Object(local) as NonNullable<ParkedFile['local']>;
  const decode = (image: string) => deserialize(Buffer.from(image, 'base64')) as Item;
  return {
    id,
    ...(before !== undefined && { before: decode(before) }),
    ...(after !== undefined && { after: decode(after) }),
  };
};

const parseObject = (value: unknown): Readonly<Record<string, unknown>> =>
  Object(typeof value === 'string' ? JSON.parse(value) : value) as Readonly<Record<string, unknown>>;
