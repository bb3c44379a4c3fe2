import { ArnFormat, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/** The names of resources. They are known in advance, so that a stack can name what another one creates. */
export const buildResourceNames = (prefix: string) => ({
  table: prefix,
  bus: prefix,
  inboundBus: `${prefix}-in`,
  /** The prefix of all secrets. */
  secrets: prefix,
  tests: `${prefix}-tests`,
  deadTests: `${prefix}-dead-tests`,
  /** First attempts. The name of a FIFO queue ends with `.fifo`. */
  deliveries: `${prefix}-deliveries.fifo`,
  deadDeliveries: `${prefix}-dead-deliveries.fifo`,
  laterDeliveries: `${prefix}-later-deliveries`,
  deadLaterDeliveries: `${prefix}-dead-later-deliveries`,
  /** The prefix of the bucket's name: the names of buckets are global. */
  parked: `${prefix}-parked`,
  deadLetters: `${prefix}-dead-letters`,
  /** `connections/create` → `mooring-connections-create`. */
  function: (name: string) => `${prefix}-${name.replaceAll('/', '-')}`,
});
export type ResourceNames = ReturnType<typeof buildResourceNames>;

/** The ARNs of resources that may be in another stack, without a reference that would make one stack depend on the other. */
export const buildResourceArns = (scope: Construct, names: ResourceNames) => {
  const formatArn = (service: string, resource: string, resourceName: string, arnFormat: ArnFormat) =>
    Stack.of(scope).formatArn({ service, resource, resourceName, arnFormat });
  return {
    function: (name: string) =>
      formatArn('lambda', 'function', names.function(name), ArnFormat.COLON_RESOURCE_NAME),
    bus: formatArn('events', 'event-bus', names.bus, ArnFormat.SLASH_RESOURCE_NAME),
    inboundBus: formatArn('events', 'event-bus', names.inboundBus, ArnFormat.SLASH_RESOURCE_NAME),
    secrets: formatArn('secretsmanager', 'secret', `${names.secrets}/*`, ArnFormat.COLON_RESOURCE_NAME),
    logGroup: (name: string) => formatArn('logs', 'log-group', name, ArnFormat.COLON_RESOURCE_NAME),
  };
};

/** `connections/create` → `ConnectionsCreate`, the form of construct and stack names. */
export const toPascalCase = (name: string) =>
  name.replace(/(^|[-/])(\w)/g, (_, __, letter: string) => letter.toUpperCase());
