/** The one table's key schema: what CDK builds, what the local server creates, what `dynamo-store` writes. */
export const tableSchema = {
  partitionKey: 'pk',
  sortKey: 'sk',
  /** Seconds since the epoch; DynamoDB deletes hours or days after it, so every read looks at it too. */
  expires: 'expires',
  /** Sparse: only items with `due` are in it. Whole items, so that what is due is had in one query. */
  due: { index: 'due', partitionKey: 'due_pk', sortKey: 'due_sk', projection: 'ALL' },
  stream: 'NEW_AND_OLD_IMAGES',
} as const;
