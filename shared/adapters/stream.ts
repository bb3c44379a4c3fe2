import type { StoreEvent } from '../ports/store.ts';
import { itemOf } from './attributes.ts';
import type { Attribute } from './attributes.ts';

/** A record of the table's stream, as Lambda passes it to a function or as the SDK reads it. */
export interface StreamRecord {
  readonly eventID?: string | undefined;
  readonly dynamodb?:
    { readonly OldImage?: Image | undefined; readonly NewImage?: Image | undefined } | undefined;
}

/** Requires a stream with old and new images, as `tableSchema` declares. */
export const streamEvent = ({ eventID, dynamodb }: StreamRecord): StoreEvent => {
  if (eventID === undefined) throw new TypeError('A record of a stream: expected an eventID');
  return {
    id: eventID,
    ...(dynamodb?.OldImage && { before: itemOf(dynamodb.OldImage) }),
    ...(dynamodb?.NewImage && { after: itemOf(dynamodb.NewImage) }),
  };
};

type Image = Readonly<Record<string, Attribute>>;
