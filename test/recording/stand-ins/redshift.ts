import { http, json, type ReceivedRequest } from '../http.ts';
import { postgresql } from '../postgresql.ts';
import type { StandIn } from '../stand-in.ts';
import { postgresqlLogins } from './postgresql.ts';

const aws = { access_key_id: 'me', region: 'eu-west-1' };

/** The two APIs that issue credentials. */
const api = {
  answer: ({ headers }: ReceivedRequest) =>
    headers['x-amz-target'] === undefined
      ? { status: 403, body: '<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>' }
      : json(400, { __type: 'AccessDeniedException' }),
};

export const standIn: StandIn = {
  own: postgresql,
  deployment: { protocol: http(api), names: ['redshift', 'redshift-serverless'] },
  logins: postgresqlLogins,
  receives: [
    { tls: 'trusted', asks: 'clear', secrets: { password: 'clear' } },
    {
      tls: 'trusted',
      asks: 'challenge',
      secrets: { secret_access_key: 'proof', session_token: 'clear' },
      fields: { ...aws, workgroup_name: 'shop' },
    },
    {
      tls: 'trusted',
      asks: 'challenge',
      secrets: { secret_access_key: 'proof' },
      fields: { ...aws, cluster_identifier: 'shop' },
    },
  ],
};
