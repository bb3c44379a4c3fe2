import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Item, ItemKey, ItemValue } from '../../ports/store.ts';

/** A DynamoDB attribute, as the SDK returns it (binary values as bytes) or as a stream event contains it (base64). */
export interface DynamoAttribute {
  readonly S?: string | undefined;
  readonly N?: string | undefined;
  readonly B?: Uint8Array | string | undefined;
  readonly BOOL?: boolean | undefined;
  readonly L?: readonly DynamoAttribute[] | undefined;
  readonly M?: Readonly<Record<string, DynamoAttribute>> | undefined;
}

export const toItemAttributes = (item: Item): Record<string, AttributeValue> => toAttributeMap(item);

export const toItem = (attributes: Readonly<Record<string, DynamoAttribute>>): Item => {
  const { pk, sk, expires, ...rest } = attributes;
  return {
    ...toItemValues(rest),
    pk: pk?.S ?? '',
    sk: sk?.S ?? '',
    ...(expires?.N !== undefined && { expires: Number(expires.N) }),
  };
};

export const toKeyAttributes = ({ pk, sk }: ItemKey) => toAttributeMap({ pk, sk });

export const toAttribute = (value: unknown): AttributeValue => {
  if (value === null) return { NULL: true };
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'number') return { N: String(value) };
  if (typeof value === 'boolean') return { BOOL: value };
  if (value instanceof Uint8Array) return { B: value };
  if (Array.isArray(value)) return { L: value.map(toAttribute) };
  if (typeof value === 'object') return { M: toAttributeMap(value) };
  throw new TypeError('An attribute: expected a value that an item may hold');
};

const toAttributeMap = (values: object): Record<string, AttributeValue> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, toAttribute(value)]));

const toItemValues = (attributes: Readonly<Record<string, DynamoAttribute>>): Record<string, ItemValue> =>
  Object.fromEntries(Object.entries(attributes).map(([name, attribute]) => [name, toItemValue(attribute)]));

const toItemValue = ({ S, N, B, BOOL, L, M }: DynamoAttribute): ItemValue => {
  if (S !== undefined) return S;
  if (N !== undefined) return Number(N);
  if (BOOL !== undefined) return BOOL;
  if (B !== undefined)
    return typeof B === 'string' ? new Uint8Array(Buffer.from(B, 'base64')) : new Uint8Array(B);
  if (L !== undefined) return L.map(toItemValue);
  return M === undefined ? null : toItemValues(M);
};
