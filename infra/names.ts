import { ArnFormat, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/** What things are called. Known beforehand, so that a stack can speak of what another one makes. */
export const namesOf = (prefix: string) => ({
  table: prefix,
  bus: prefix,
  /** All secrets are named below it. */
  secrets: prefix,
  tests: `${prefix}-tests`,
  deadTests: `${prefix}-dead-tests`,
  deadEvents: `${prefix}-dead-events`,
  deadLetters: `${prefix}-dead-letters`,
  /** `connections/create` → `mooring-connections-create`. */
  function: (name: string) => `${prefix}-${name.replaceAll('/', '-')}`,
});
export type Names = ReturnType<typeof namesOf>;

/** ARNs of what may be in another stack, without a reference that would tie the two together. */
export const arnsOf = (scope: Construct, names: Names) => {
  const arn = (service: string, resource: string, resourceName: string, arnFormat: ArnFormat) =>
    Stack.of(scope).formatArn({ service, resource, resourceName, arnFormat });
  return {
    function: (name: string) =>
      arn('lambda', 'function', names.function(name), ArnFormat.COLON_RESOURCE_NAME),
    bus: arn('events', 'event-bus', names.bus, ArnFormat.SLASH_RESOURCE_NAME),
    secrets: arn('secretsmanager', 'secret', `${names.secrets}/*`, ArnFormat.COLON_RESOURCE_NAME),
    logGroup: (name: string) => arn('logs', 'log-group', name, ArnFormat.COLON_RESOURCE_NAME),
  };
};

/** `connections/create` → `ConnectionsCreate`, as constructs and stacks are called. */
export const pascalCase = (name: string) =>
  name.replace(/(^|[-/])(\w)/g, (_, __, letter: string) => letter.toUpperCase());
