/** The key schema of the table, for CDK, the local server and the DynamoDB store. */
export const tableSchema = {
  partitionKey: 'pk',
  sortKey: 'sk',
  /** Seconds since the epoch. DynamoDB deletes items hours or days later, so every read checks it too. */
  expires: 'expires',
  stream: 'NEW_AND_OLD_IMAGES',
} as const;
