import { toAttribute } from './dynamo-attributes.ts';
import { tableSchema } from './table-schema.ts';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { StoreCondition, KeyRange } from '../../ports/store.ts';

/** Builds a condition. All names and values are placeholders: many names are reserved words, and some have a meaning in expressions. */
export const buildDynamoCondition = (condition: StoreCondition, now: number) => {
  const { name, value, placeholders } = createPlaceholders();
  const expires = name(tableSchema.expires);
  const pk = name(tableSchema.partitionKey);
  const nowValue = value(now);
  if (condition === 'absent') {
    return {
      ConditionExpression: `attribute_not_exists(${pk}) OR ${expires} <= ${nowValue}`,
      ...placeholders,
    };
  }
  const parts = [
    `attribute_exists(${pk})`,
    `(attribute_not_exists(${expires}) OR ${expires} > ${nowValue})`,
    ...(condition === 'present'
      ? []
      : Object.entries(condition).map(([attribute, wanted]) => `${name(attribute)} = ${value(wanted)}`)),
  ];
  return { ConditionExpression: parts.join(' AND '), ...placeholders };
};

/** Builds a query. It filters out expired items, because DynamoDB deletes them hours or days late. */
export const buildDynamoQuery = ({ pk, from, to, backwards }: KeyRange, now: number) => {
  const { name, value, placeholders } = createPlaceholders();
  const { partitionKey, sortKey } = tableSchema;
  const expires = name(tableSchema.expires);
  const sk = from || to ? name(sortKey) : '';
  let bounds = '';
  if (from && to) bounds = ` AND ${sk} BETWEEN ${value(from)} AND ${value(to)}`;
  else if (from) bounds = ` AND ${sk} >= ${value(from)}`;
  else if (to) bounds = ` AND ${sk} <= ${value(to)}`;
  return {
    KeyConditionExpression: `${name(partitionKey)} = ${value(pk)}${bounds}`,
    FilterExpression: `attribute_not_exists(${expires}) OR ${expires} > ${value(now)}`,
    ScanIndexForward: !backwards,
    ConsistentRead: true,
    ...placeholders,
  };
};

/** Builds an update that adds one to a counter that has not expired. */
export const buildDynamoCount = (expiresAt: number, now: number) => {
  const { name, value, placeholders } = createPlaceholders();
  const expires = name(tableSchema.expires);
  return {
    UpdateExpression: `ADD ${name('count')} ${value(1)} SET ${expires} = ${value(expiresAt)}`,
    ConditionExpression: `attribute_not_exists(${expires}) OR ${expires} > ${value(now)}`,
    ReturnValues: 'UPDATED_NEW' as const,
    ...placeholders,
  };
};

const createPlaceholders = () => {
  const names: Record<string, string> = {};
  const values: Record<string, AttributeValue> = {};
  const bind = <T>(prefix: string, bound: Record<string, T>, what: T) => {
    const placeholder = `${prefix}${Object.keys(bound).length}`;
    bound[placeholder] = what;
    return placeholder;
  };
  return {
    name: (name: string) => bind('#n', names, name),
    value: (value: unknown) => bind(':v', values, toAttribute(value)),
    placeholders: { ExpressionAttributeNames: names, ExpressionAttributeValues: values },
  };
};
