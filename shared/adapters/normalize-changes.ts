import type { StoreChange, StoreCondition, Item, ItemKey, KeyRange, ItemValue } from '../ports/store.ts';

/**
 * Checks changes against DynamoDB's limits, so that both stores refuse the same input. Returns copies that are equal to what a later read
 * returns. Limits: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
 */
export const normalizeChanges = (changes: readonly StoreChange[]): StoreChange[] => {
  if (changes.length > 100) throw new RangeError('A write: expected at most 100 changes');
  const normalized = changes.map(normalizeChange);
  const keys = new Set(
    normalized.map((change) => JSON.stringify([toChangeKey(change).pk, toChangeKey(change).sk])),
  );
  if (keys.size < normalized.length) throw new TypeError('A write: expected at most one change of each item');
  const total = normalized.reduce(
    (sum, change) => sum + ('put' in change ? measureItemBytes(change.put) : 0),
    0,
  );
  if (total > 4 * 1024 * 1024) throw new RangeError('A write: expected at most 4 MB');
  return normalized;
};

export const toChangeKey = (change: StoreChange): ItemKey => {
  if ('put' in change) return change.put;
  return 'remove' in change ? change.remove : change.check;
};

export const normalizeItemKey = ({ pk, sk }: ItemKey): ItemKey => ({
  pk: normalizeKeyPart('pk', pk, 2048),
  sk: normalizeKeyPart('sk', sk, 1024),
});

/** Returns `undefined` if the range cannot contain any item. */
export const normalizeItemRange = (range: KeyRange): KeyRange | undefined => {
  if (!Number.isInteger(range.limit) || range.limit < 1) throw new RangeError('limit: expected 1 or more');
  const { pk, from, to, ...rest } = range;
  if (to === '') return undefined;
  const normalized = {
    ...rest,
    pk: normalizeKeyPart('pk', pk, 2048),
    ...(from && { from: normalizeKeyPart('from', from, 1024) }),
    ...(to !== undefined && { to: normalizeKeyPart('to', to, 1024) }),
  };
  const isEmpty =
    normalized.from &&
    normalized.to &&
    Buffer.compare(Buffer.from(normalized.from), Buffer.from(normalized.to)) > 0;
  return isEmpty ? undefined : normalized;
};

/** Size in bytes, close to how DynamoDB counts it. */
export const measureItemBytes = (value: unknown): number => {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value === 'number') return Math.ceil(String(value).length / 2) + 1;
  if (value instanceof Uint8Array) return value.byteLength;
  if (Array.isArray(value))
    return value.reduce<number>((sum, element) => sum + 1 + measureItemBytes(element), 3);
  if (typeof value !== 'object' || value === null) return 1;
  return Object.entries(value).reduce(
    (sum, [name, part]) => sum + 1 + Buffer.byteLength(name) + measureItemBytes(part),
    3,
  );
};

const normalizeChange = (change: StoreChange): StoreChange => {
  const condition =
    'if' in change && change.if !== undefined ? { if: normalizeItemCondition(change.if) } : {};
  if ('put' in change) return { put: normalizeItem(change.put), ...condition };
  if ('remove' in change) return { remove: normalizeItemKey(change.remove), ...condition };
  return { check: normalizeItemKey(change.check), if: normalizeItemCondition(change.if) };
};

const normalizeItem = (item: Item): Item => {
  const { pk, sk, expires, ...attributes } = item;
  const normalized: Item = {
    ...normalizeItemMap(attributes, 1),
    ...normalizeItemKey({ pk, sk }),
    ...(expires !== undefined && { expires: requireEpochSeconds(expires) }),
  };
  if (measureItemBytes(normalized) > 400 * 1024) throw new RangeError('An item: expected at most 400 KB');
  return normalized;
};

const normalizeItemCondition = (condition: StoreCondition): StoreCondition => {
  if (typeof condition === 'string') return condition;
  return Object.fromEntries(
    Object.entries(condition).map(([name, value]) => [
      normalizeAttributeName(name),
      normalizeConditionValue(value),
    ]),
  );
};

const normalizeConditionValue = (value: string | number | boolean | null) => {
  if (typeof value === 'string') return value.toWellFormed();
  return typeof value === 'number' ? normalizeItemNumber(value) : value;
};

const normalizeItemMap = (map: object, depth: number): { [name: string]: ItemValue } =>
  Object.fromEntries(
    Object.entries(map).map(([name, value]) => [
      normalizeAttributeName(name),
      normalizeItemValue(value, depth),
    ]),
  );

const normalizeItemValue = (value: unknown, depth: number): ItemValue => {
  if (depth > 32) throw new RangeError('An item: expected at most 32 levels');
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value === 'number') return normalizeItemNumber(value);
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value)) return value.map((element) => normalizeItemValue(element, depth + 1));
  if (typeof value === 'object' && isPlainItemMap(value)) return normalizeItemMap(value, depth + 1);
  throw new TypeError('An attribute: expected a string, number, boolean, null, bytes, array or plain object');
};

/** Also accepts objects of another realm, which has its own `Object.prototype`. */
const isPlainItemMap = (value: object) => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
};

/** Removes the sign of a negative zero, which DynamoDB does not keep. */
const normalizeItemNumber = (value: number) => {
  const size = Math.abs(value);
  if (size === 0) return 0;
  if (size >= 1e-130 && size < 1e126) return value;
  throw new RangeError('A number: expected 0, or a magnitude from 1e-130 to below 1e126');
};

const requireEpochSeconds = (expires: number) => {
  if (Number.isSafeInteger(expires) && expires >= 0) return expires;
  throw new RangeError('expires: expected whole seconds since the epoch');
};

const normalizeAttributeName = (name: string) => {
  if (name === '') throw new TypeError('The name of an attribute: expected 1 character or more');
  return name.toWellFormed();
};

const normalizeKeyPart = (name: string, value: string, limit: number) => {
  const normalized = value.toWellFormed();
  if (normalized !== '' && Buffer.byteLength(normalized) <= limit) return normalized;
  throw new RangeError(`${name}: expected 1 to ${limit} bytes`);
};
