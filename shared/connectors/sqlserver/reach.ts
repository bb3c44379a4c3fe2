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
  /** Whether TLS started before PRELOGIN (TDS 8). */
  readonly strict: boolean;
}

/**
 * Opens a socket that is ready for the login: with PRELOGIN done, and TLS as the connection requires. The driver by itself would send the
 * login in clear if the server asked for that.
 */
export const reach = async (to: Place, dialer: Dialer, fedAuth: boolean): Promise<Way> => {
  const raw = await dialer.tcp(to);
  let greeting: Greeting | undefined;
  let strict = false;
  const { stream, unwrap, moveTo } = wrap(raw);
  const secured = await dialer.tls(
    stream as Socket, // TLS needs nothing of a socket that the stream lacks
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
  // Azure SQL closes the connection if one TLS record contains several packets of a login: https://github.com/tediousjs/tedious/issues/1182
  if ('setMaxSendFragment' in socket) socket.setMaxSendFragment(packetSize);
  return { socket, greeting, allow: guard(socket).allow, strict };
};

/** A server that requires TDS 8 resets a connection that does not start with TLS. So may any other server: a second socket shows which it is. */
const hungUp = (error: unknown) => networkFailure(error)?.code === 'connection-reset';

const tds8 = 'tds/8.0';
