import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { required } from '../env.ts';
import type { Bus } from '../ports/bus.ts';
import { awsClientSettings } from './aws-client-settings.ts';
import { eventBridgeBus } from './eventbridge-bus.ts';

/** The event bus of this deployment. */
export const openBus = (): Bus =>
  eventBridgeBus({ client: new EventBridgeClient(awsClientSettings), busName: required('BUS_NAME') });
