import { mysql, mysqlSwitchingTo } from '../mysql.ts';
import type { StandIn } from '../stand-in.ts';

export const standIn: StandIn = {
  own: mysql,
  logins: {
    scramble: [{ asks: 'challenge' }],
    full: [{ asks: 'key' }],
    sha256: [{ server: mysqlSwitchingTo('sha256_password') }],
    cleartext: [{ server: mysqlSwitchingTo('mysql_clear_password') }],
  },
  receives: [
    { tls: 'trusted', asks: 'clear', secrets: { password: 'clear' } },
    { tls: 'trusted', asks: 'challenge', secrets: { password: 'proof' } },
    { tls: 'off', asks: 'challenge', secrets: { password: 'proof' } },
    { tls: 'trusted', asks: 'clear', secrets: { ssl_key: 'proof' }, fields: { auth_method: 'certificate' } },
  ],
};
