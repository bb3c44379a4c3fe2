import { mongodb } from '../mongodb.ts';
import type { StandIn } from '../stand-in.ts';

export const standIn: StandIn = {
  own: mongodb,
  logins: { scram: [{ asks: 'challenge' }, { asks: 'clear' }] },
  receives: [
    { tls: 'trusted', asks: 'challenge', secrets: { password: 'proof' } },
    { tls: 'off', asks: 'challenge', secrets: { password: 'proof' } },
    { tls: 'trusted', asks: 'clear', secrets: { ssl_key: 'proof' }, fields: { auth_method: 'certificate' } },
  ],
};
