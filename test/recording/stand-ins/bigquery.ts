import { http, json, type Service } from '../http.ts';
import type { StandIn } from '../stand-in.ts';

const refusing: Service = {
  answer: ({ path }) => (path === '/token' ? json(400, { error: 'invalid_grant' }) : json(401, {})),
};

const token = 'obviously-fake-token-of-a-service';
const issuing: Service = {
  answer: ({ path }) => (path === '/token' ? json(200, { access_token: token }) : json(401, {})),
};

export const standIn: StandIn = {
  deployment: { protocol: http(refusing), names: ['bigquery'] },
  receives: [{ tls: 'trusted', asks: 'clear', secrets: { service_account: 'proof' } }],
  obtains: [
    { method: 'service_account', server: http(issuing), secret: new RegExp(`^${token}$`) },
    { method: 'service_account', server: http(issuing), secret: /^eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+$/ },
  ],
};
