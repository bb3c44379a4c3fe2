import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { readRequiredEnv } from '../env.ts';
import type { Store } from '../ports/store.ts';
import { awsClientSettings } from '../adapters/aws/aws-client-settings.ts';
import { createDynamoStore } from '../adapters/aws/dynamo-store.ts';

/** The table of this deployment. */
export const openAwsStore = (): Store =>
  createDynamoStore({ client: new DynamoDBClient(awsClientSettings), table: readRequiredEnv('TABLE_NAME') });
