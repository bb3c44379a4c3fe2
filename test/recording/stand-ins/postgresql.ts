import { postgresql, postgresqlAsking } from '../postgresql.ts';
import type { LoginServer, StandIn } from '../stand-in.ts';

export const postgresqlLogins: Readonly<Record<string, readonly LoginServer[]>> = {
  none: [{ server: postgresqlAsking('cleartext') }],
  scram: [{ server: postgresqlAsking('scram') }],
  weakScram: [{ server: postgresqlAsking('scram', 1) }],
  md5: [{ server: postgresqlAsking('md5') }],
  cleartext: [{ server: postgresqlAsking('cleartext') }],
  iam: [{ server: postgresqlAsking('cleartext') }],
};

export const standIn: StandIn = {
  own: postgresql,
  logins: postgresqlLogins,
  receives: [
    { tls: 'trusted', asks: 'clear', secrets: { password: 'clear' } },
    { tls: 'trusted', asks: 'challenge', secrets: { password: 'proof' } },
    { tls: 'off', asks: 'clear', secrets: { password: 'clear' } },
    { tls: 'off', asks: 'challenge', secrets: { password: 'proof' } },
    {
      tls: 'trusted',
      asks: 'clear',
      secrets: { secret_access_key: 'nothing', session_token: 'clear' },
      fields: { access_key_id: 'me', region: 'eu-west-1' },
    },
    { tls: 'trusted', asks: 'clear', secrets: { ssl_key: 'proof' }, fields: { auth_method: 'certificate' } },
  ],
  obtains: [{ method: 'iam', server: postgresql, secret: /^localhost:\d+\/\?Action=connect/ }],
};
