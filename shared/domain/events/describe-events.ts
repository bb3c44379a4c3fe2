import { toJsonSchema } from '@valibot/to-json-schema';
import * as v from 'valibot';
import { busEventTypes, connectionEventTypes } from './event-types.ts';

/** A type of event as the API describes it. */
export const EventTypeInfo = v.object({
  type: v.string(),
  /** When an event of this type is published. */
  description: v.string(),
  /** Where it is published: on the event bus, in `GET /v1/events`, and to webhooks. */
  destinations: v.array(v.picklist(['bus', 'log', 'webhooks'])),
  /** The JSON Schema of the event. */
  schema: v.record(v.string(), v.unknown()),
});
export type EventTypeInfo = v.InferOutput<typeof EventTypeInfo>;

export const listEventTypes = (): EventTypeInfo[] => [
  ...describeTypes(connectionEventTypes, ['bus', 'log', 'webhooks']),
  ...describeTypes(busEventTypes, ['bus']),
];

const describeTypes = (
  types: Readonly<Record<string, { readonly when: string; readonly schema: v.GenericSchema }>>,
  destinations: EventTypeInfo['destinations'],
): EventTypeInfo[] =>
  Object.entries(types).map(([type, { when, schema }]) => ({
    type,
    description: when,
    destinations: [...destinations],
    schema: { ...toJsonSchema(schema, { target: 'draft-2020-12', errorMode: 'ignore' }) },
  }));
