/** The key schema of the table, for CDK, the local server and the DynamoDB store. */
export const tableSchema = {
  partitionKey: 'pk',
  sortKey: 'sk',
  /** Seconds since the epoch. DynamoDB deletes items hours or days later, so every read checks it too. */
  expires: 'expires',
  /** A sparse index: it contains only items with `due`. It projects whole items, so that one query returns everything that is due. */
  due: { index: 'due', partitionKey: 'due_pk', sortKey: 'due_sk', projection: 'ALL' },
  stream: 'NEW_AND_OLD_IMAGES',
} as const;
