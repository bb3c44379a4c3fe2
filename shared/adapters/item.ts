import { tableSchema } from './table.ts';
import type { Change, Condition, Item, Key, Range, Value } from '../ports/store.ts';

/**
 * Checks changes against DynamoDB's limits, so that both stores refuse the same input. Returns copies that are equal to what a later read
 * returns. Limits: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
 */
export const settleChanges = (changes: readonly Change[]): Change[] => {
  if (changes.length > 100) throw new RangeError('A write: expected at most 100 changes');
  const settled = changes.map(settleChange);
  const keys = new Set(settled.map((change) => JSON.stringify([keyOf(change).pk, keyOf(change).sk])));
  if (keys.size < settled.length) throw new TypeError('A write: expected at most one change of each item');
  const total = settled.reduce((sum, change) => sum + ('put' in change ? sizeOf(change.put) : 0), 0);
  if (total > 4 * 1024 * 1024) throw new RangeError('A write: expected at most 4 MB');
  return settled;
};

export const keyOf = (change: Change): Key => {
  if ('put' in change) return change.put;
  return 'remove' in change ? change.remove : change.check;
};

export const settleKey = ({ pk, sk }: Key): Key => ({
  pk: keyPart('pk', pk, 2048),
  sk: keyPart('sk', sk, 1024),
});

/** Returns `undefined` if the range cannot contain any item. */
export const settleRange = (range: Range): Range | undefined => {
  if (!Number.isInteger(range.limit) || range.limit < 1) throw new RangeError('limit: expected 1 or more');
  const { pk, from, to, ...rest } = range;
  if (to === '') return undefined;
  const settled = {
    ...rest,
    pk: keyPart('pk', pk, 2048),
    ...(from && { from: keyPart('from', from, 1024) }),
    ...(to !== undefined && { to: keyPart('to', to, 1024) }),
  };
  const nothing =
    settled.from && settled.to && Buffer.compare(Buffer.from(settled.from), Buffer.from(settled.to)) > 0;
  return nothing ? undefined : settled;
};

/** Size in bytes, close to how DynamoDB counts it. */
export const sizeOf = (value: unknown): number => {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value === 'number') return Math.ceil(String(value).length / 2) + 1;
  if (value instanceof Uint8Array) return value.byteLength;
  if (Array.isArray(value)) return value.reduce<number>((sum, element) => sum + 1 + sizeOf(element), 3);
  if (typeof value !== 'object' || value === null) return 1;
  return Object.entries(value).reduce(
    (sum, [name, part]) => sum + 1 + Buffer.byteLength(name) + sizeOf(part),
    3,
  );
};

const settleChange = (change: Change): Change => {
  const condition = 'if' in change && change.if !== undefined ? { if: settleCondition(change.if) } : {};
  if ('put' in change) return { put: settleItem(change.put), ...condition };
  if ('remove' in change) return { remove: settleKey(change.remove), ...condition };
  return { check: settleKey(change.check), if: settleCondition(change.if) };
};

const settleItem = (item: Item): Item => {
  const { pk, sk, expires, due, ...attributes } = item;
  const settled: Item = {
    ...settleMap(attributes, 1),
    ...settleKey({ pk, sk }),
    ...(expires !== undefined && { expires: instant(expires) }),
    ...(due && { due: settleKey(due) }),
  };
  if (duePart.some((name) => name in settled))
    throw new TypeError(`An item: expected no ${duePart.join(', ')}`);
  if (sizeOf(settled) > 400 * 1024) throw new RangeError('An item: expected at most 400 KB');
  return settled;
};

const settleCondition = (condition: Condition): Condition => {
  if (typeof condition === 'string') return condition;
  if (['due', ...duePart].some((name) => name in condition))
    throw new TypeError('A condition: expected no due');
  return Object.fromEntries(
    Object.entries(condition).map(([name, value]) => [attributeName(name), normalizeConditionValue(value)]),
  );
};

const normalizeConditionValue = (value: string | number | boolean | null) => {
  if (typeof value === 'string') return value.toWellFormed();
  return typeof value === 'number' ? numeric(value) : value;
};

const duePart = [tableSchema.due.partitionKey, tableSchema.due.sortKey];

const settleMap = (map: object, depth: number): { [name: string]: Value } =>
  Object.fromEntries(Object.entries(map).map(([name, value]) => [attributeName(name), settle(value, depth)]));

const settle = (value: unknown, depth: number): Value => {
  if (depth > 32) throw new RangeError('An item: expected at most 32 levels');
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value === 'number') return numeric(value);
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value)) return value.map((element) => settle(element, depth + 1));
  if (typeof value === 'object' && isPlain(value)) return settleMap(value, depth + 1);
  throw new TypeError('An attribute: expected a string, number, boolean, null, bytes, array or plain object');
};

/** Also accepts objects of another realm, which has its own `Object.prototype`. */
const isPlain = (value: object) => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
};

/** Removes the sign of a negative zero, which DynamoDB does not keep. */
const numeric = (value: number) => {
  const size = Math.abs(value);
  if (size === 0) return 0;
  if (size >= 1e-130 && size < 1e126) return value;
  throw new RangeError('A number: expected 0, or a magnitude from 1e-130 to below 1e126');
};

const instant = (expires: number) => {
  if (Number.isSafeInteger(expires) && expires >= 0) return expires;
  throw new RangeError('expires: expected whole seconds since the epoch');
};

const attributeName = (name: string) => {
  if (name === '') throw new TypeError('The name of an attribute: expected 1 character or more');
  return name.toWellFormed();
};

const keyPart = (name: string, value: string, limit: number) => {
  const settled = value.toWellFormed();
  if (settled !== '' && Buffer.byteLength(settled) <= limit) return settled;
  throw new RangeError(`${name}: expected 1 to ${limit} bytes`);
};
