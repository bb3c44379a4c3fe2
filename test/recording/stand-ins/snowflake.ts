import { http, json, type Service } from '../http.ts';
import type { StandIn } from '../stand-in.ts';

const refuse = (code: string): Service => ({
  answer: () => json(200, { success: false, code, message: 'no', data: null }),
  accountIn: ({ body }) => /"ACCOUNT_NAME":\s*"([^"]+)"/.exec(body)?.[1]?.toUpperCase(),
});

export const standIn: StandIn = {
  deployment: { protocol: http(refuse('390100')), names: ['snowflake'] },
  receives: [
    { tls: 'trusted', asks: 'clear', secrets: { password: 'clear' } },
    { tls: 'trusted', asks: 'clear', secrets: { token: 'clear' } },
    { tls: 'trusted', asks: 'clear', secrets: { private_key: 'proof' } },
  ],
  obtains: [
    {
      method: 'key_pair',
      fields: (private_key) => ({ private_key, private_key_passphrase: 'obviously-fake' }),
      server: http(refuse('390144')),
      secret: /^-----BEGIN PRIVATE KEY-----/,
    },
  ],
};
