import { http, json, type Service } from '../http.ts';
import type { StandIn } from '../stand-in.ts';

const refusing: Service = {
  answer: () => json(401, { error_code: 'UNAUTHENTICATED', message: 'no' }),
  accountIn: ({ path }) => (path.startsWith('/oidc/') ? undefined : path.replace(/^\//, '')),
};

const token = 'obviously-fake-token-of-a-service';
const issuing: Service = {
  answer: ({ path }) => (path.startsWith('/oidc/') ? json(200, { access_token: token }) : json(401, {})),
};

export const standIn: StandIn = {
  deployment: { protocol: http(refusing), names: ['databricks'] },
  receives: [
    { tls: 'trusted', asks: 'clear', secrets: { token: 'clear' } },
    { tls: 'trusted', asks: 'clear', secrets: { client_secret: 'clear' }, fields: { client_id: 'me' } },
  ],
  obtains: [{ method: 'oauth', server: http(issuing), secret: new RegExp(`^${token}$`) }],
};
