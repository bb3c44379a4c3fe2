import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { readRequiredEnv } from '../env.ts';
import type { Bus } from '../ports/bus.ts';
import { awsClientSettings } from '../adapters/aws/aws-client-settings.ts';
import { createEventBridgeBus } from '../adapters/aws/eventbridge-bus.ts';

/** The event bus of this deployment. */
export const openAwsBus = (): Bus =>
  createEventBridgeBus({
    client: new EventBridgeClient(awsClientSettings),
    busName: readRequiredEnv('BUS_NAME'),
  });
