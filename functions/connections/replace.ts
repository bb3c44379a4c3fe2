import * as v from 'valibot';
import { ConnectionPatch } from '../../shared/domain/connection.ts';
import type { Endpoint } from '../../shared/http/endpoint.ts';
import { lambda } from '../../shared/http/lambda.ts';
import { endpoint as change } from './change.ts';

export const endpoint: Endpoint = {
  ...change,
  summary: 'Change the name or the credentials of a connection',
  description: 'As PATCH, with `name` and `credentials` alone, both optional.',
  body: v.pick(ConnectionPatch, ['name', 'credentials']),
};

export const handler = lambda(endpoint);
