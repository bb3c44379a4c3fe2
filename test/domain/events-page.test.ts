import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import * as v from 'valibot';
import { connectionEventTypes, eventTypes } from '../../shared/domain/events/event-types.ts';

const page = () => readFile('docs/events.md', 'utf8');

test('the page of events lists every type with when it is published and what is in it', async () => {
  const rows = [...(await page()).matchAll(/^\| `([a-z_]+\.[a-z_]+)` \| (.*?) \| (.*?) ?\|$/gm)].map(
    ([, type, when, fields = '']) => [type, when, fields.replaceAll('`', '').split(', ').filter(Boolean)],
  );
  const declared = Object.entries(eventTypes).map(([type, { when, schema }]) => [
    type,
    when,
    Object.keys(schema.entries.data.entries).filter((name) => name !== 'connection'),
  ]);
  expect(rows).toEqual(declared);
});

test('the event on the page is valid', async () => {
  const [, json = ''] = /```json\n(.*?)```/s.exec(await page()) ?? [];
  expect(v.is(connectionEventTypes['connection.status_changed'].schema, JSON.parse(json))).toBe(true);
});
