import type { StoreEvent } from '../../ports/store.ts';
import { toItem } from './dynamo-attributes.ts';
import type { DynamoAttribute } from './dynamo-attributes.ts';

/** A record of the table's stream, as Lambda passes it to a function or as the SDK reads it. */
export interface StreamRecord {
  readonly eventID?: string | undefined;
  readonly dynamodb?:
    { readonly OldImage?: StreamImage | undefined; readonly NewImage?: StreamImage | undefined } | undefined;
}

/** Requires a stream with old and new images, as `tableSchema` declares. */
export const toStoreEvent = ({ eventID, dynamodb }: StreamRecord): StoreEvent => {
  if (eventID === undefined) throw new TypeError('A record of a stream: expected an eventID');
  return {
    id: eventID,
    ...(dynamodb?.OldImage && { before: toItem(dynamodb.OldImage) }),
    ...(dynamodb?.NewImage && { after: toItem(dynamodb.NewImage) }),
  };
};

type StreamImage = Readonly<Record<string, DynamoAttribute>>;
