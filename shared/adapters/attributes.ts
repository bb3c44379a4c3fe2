import { tableSchema } from './table.ts';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Item, Key, Value } from '../ports/store.ts';

/** A DynamoDB attribute, as the SDK returns it (binary values as bytes) or as a stream event contains it (base64). */
export interface Attribute {
  readonly S?: string | undefined;
  readonly N?: string | undefined;
  readonly B?: Uint8Array | string | undefined;
  readonly BOOL?: boolean | undefined;
  readonly L?: readonly Attribute[] | undefined;
  readonly M?: Readonly<Record<string, Attribute>> | undefined;
}

export const attributesOf = ({ due, ...item }: Item): Record<string, AttributeValue> => ({
  ...mapOf(item),
  ...(due && mapOf({ [dueIndex.partitionKey]: due.pk, [dueIndex.sortKey]: due.sk })),
});

export const itemOf = (attributes: Readonly<Record<string, Attribute>>): Item => {
  const { pk, sk, expires, [dueIndex.partitionKey]: duePk, [dueIndex.sortKey]: dueSk, ...rest } = attributes;
  return {
    ...valuesOf(rest),
    pk: pk?.S ?? '',
    sk: sk?.S ?? '',
    ...(expires?.N !== undefined && { expires: Number(expires.N) }),
    ...(duePk?.S !== undefined && dueSk?.S !== undefined && { due: { pk: duePk.S, sk: dueSk.S } }),
  };
};

export const keyAttributes = ({ pk, sk }: Key) => mapOf({ pk, sk });

export const attributeOf = (value: unknown): AttributeValue => {
  if (value === null) return { NULL: true };
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'number') return { N: String(value) };
  if (typeof value === 'boolean') return { BOOL: value };
  if (value instanceof Uint8Array) return { B: value };
  if (Array.isArray(value)) return { L: value.map(attributeOf) };
  if (typeof value === 'object') return { M: mapOf(value) };
  throw new TypeError('An attribute: expected a value that an item may hold');
};

const dueIndex = tableSchema.due;

const mapOf = (values: object): Record<string, AttributeValue> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, attributeOf(value)]));

const valuesOf = (attributes: Readonly<Record<string, Attribute>>): Record<string, Value> =>
  Object.fromEntries(Object.entries(attributes).map(([name, attribute]) => [name, valueOf(attribute)]));

const valueOf = ({ S, N, B, BOOL, L, M }: Attribute): Value => {
  if (S !== undefined) return S;
  if (N !== undefined) return Number(N);
  if (BOOL !== undefined) return BOOL;
  if (B !== undefined)
    return typeof B === 'string' ? new Uint8Array(Buffer.from(B, 'base64')) : new Uint8Array(B);
  if (L !== undefined) return L.map(valueOf);
  return M === undefined ? null : valuesOf(M);
};
