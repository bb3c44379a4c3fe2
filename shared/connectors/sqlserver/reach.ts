import type { Socket } from 'node:net';
import type { Dialer, Place } from '../../network/dialer.ts';
import { networkFailure } from '../../network/failure.ts';
import { speaksTls } from '../../network/speaks-tls.ts';
import { Problem } from '../../problem.ts';
import { guard } from './guard.ts';
import { logins } from './logins.ts';
import { greet, packetSize, type Greeting } from './prelogin.ts';
import type { Settings } from './session.ts';
import { wrap } from './wrap.ts';

export const placeOf = async ({ host, port = 1433, instance }: Settings, dialer: Dialer): Promise<Place> => {
  if (instance === undefined) return { host, port };
  const { portOf } = await import('./instance.ts');
  return { host, port: await portOf(host, instance, dialer) };
};

export interface Way {
  readonly socket: Socket;
  readonly greeting: Greeting;
  readonly allow: (bytes: number) => void;
  /** TLS came first, as in TDS 8. */
  readonly strict: boolean;
}

/** A socket on which the login may be said: greeted, and encrypted as was asked. The driver itself would log in in clear where the server says so. */
export const reach = async (to: Place, dialer: Dialer, fedAuth: boolean): Promise<Way> => {
  const raw = await dialer.tcp(to);
  let greeting: Greeting | undefined;
  let strict = false;
  const { stream, unwrap, moveTo } = wrap(raw);
  const secured = await dialer.tls(
    stream as Socket, // all that TLS needs of one
    to,
    async () => {
      try {
        greeting = await greet(raw, { encrypt: true, fedAuth });
        return greeting.encrypts;
      } catch (error) {
        if (!hungUp(error)) throw error;
        moveTo(await dialer.tcp(to));
        strict = true;
        return tds8;
      }
    },
  );
  unwrap();
  const socket = 'encrypted' in secured ? secured : raw;
  if (!greeting) {
    greeting = await dialer.step('authenticate', async () => {
      const said = await greet(socket, { encrypt: false, fedAuth, strict }).catch(async (cause: unknown) => {
        if (strict || !hungUp(cause) || !(await speaksTls(await dialer.tcp(to), tds8))) throw cause;
        throw new Problem('tls-required', undefined, { cause });
      });
      if (said.encrypts && !strict) throw new Problem('tls-required');
      return said;
    });
  }
  await dialer.step('authenticate', async () =>
    dialer.permitLogin(fedAuth ? logins.entra : logins.password, { encrypted: 'encrypted' in socket }),
  );
  // A login of several packets in one record of TLS is hung up on by Azure SQL: https://github.com/tediousjs/tedious/issues/1182
  if ('setMaxSendFragment' in socket) socket.setMaxSendFragment(packetSize);
  return { socket, greeting, allow: guard(socket).allow, strict };
};

/** What a server that insists on TDS 8 does to whoever says anything before TLS; only a second socket tells it from others that hang up. */
const hungUp = (error: unknown) => networkFailure(error)?.code === 'connection-reset';

const tds8 = 'tds/8.0';
