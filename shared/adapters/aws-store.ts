import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { required } from '../env.ts';
import type { Store } from '../ports/store.ts';
import { awsClientSettings } from './aws-client-settings.ts';
import { dynamoStore } from './dynamo-store.ts';

/** The table of this deployment. */
export const openStore = (): Store =>
  dynamoStore({ client: new DynamoDBClient(awsClientSettings), table: required('TABLE_NAME') });
