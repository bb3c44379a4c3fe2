import type { StandIn } from '../stand-in.ts';
import { tds } from '../tds.ts';

export const standIn: StandIn = {
  own: tds,
  receives: [
    { tls: 'trusted', asks: 'clear', secrets: { password: 'clear' } },
    { tls: 'off', asks: 'clear', secrets: { password: 'clear' } },
  ],
};
