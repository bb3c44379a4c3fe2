import { oracle } from '../oracle.ts';
import type { StandIn } from '../stand-in.ts';

export const standIn: StandIn = {
  own: oracle,
  receives: [
    { tls: 'trusted', asks: 'challenge', secrets: { password: 'proof' } },
    { tls: 'off', asks: 'challenge', secrets: { password: 'proof' } },
  ],
};
