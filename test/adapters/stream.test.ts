import { describe, expect, test } from '@jest/globals';
import type { DynamoDBRecord } from 'aws-lambda';
import { toStoreEvent } from '../../shared/adapters/aws/stream-record.ts';

const keys = { pk: { S: 'T#a' }, sk: { S: 'CONN#1' } };

describe('DynamoDB stream record', () => {
  test('becomes an event with the items before and after', () => {
    const record: DynamoDBRecord = {
      eventID: 'e1',
      eventName: 'MODIFY',
      dynamodb: {
        Keys: keys,
        OldImage: { ...keys, version: { N: '1' }, gone: { BOOL: false } },
        NewImage: {
          ...keys,
          version: { N: '2' },
          none: { NULL: true },
          bytes: { B: 'AP8=' },
          deep: { L: [{ M: { a: { S: '' } } }] },
          expires: { N: '1924992000' },
        },
      },
    };
    const key = { pk: 'T#a', sk: 'CONN#1' };
    expect(toStoreEvent(record)).toEqual({
      id: 'e1',
      before: { ...key, version: 1, gone: false },
      after: {
        ...key,
        version: 2,
        none: null,
        bytes: Uint8Array.of(0, 255),
        deep: [{ a: '' }],
        expires: 1_924_992_000,
      },
    });
  });

  test('has no before for a new item and no after for a removed one', () => {
    expect(toStoreEvent({ eventID: 'e2', dynamodb: { NewImage: keys } })).not.toHaveProperty('before');
    expect(toStoreEvent({ eventID: 'e3', dynamodb: { OldImage: keys } })).not.toHaveProperty('after');
  });

  test('is refused without an id, because its copies could not be recognized', () => {
    expect(() => toStoreEvent({ dynamodb: { NewImage: keys } })).toThrow(TypeError);
  });
});
