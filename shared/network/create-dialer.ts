import type { Socket } from 'node:net';
import { Problem } from '../problem.ts';
import { askFirst } from './ask.ts';
import { connectFirst } from './connect.ts';
import type { End } from './connect.ts';
import type { Dialer, Place, TlsAsk } from './dialer.ts';
import { judge } from './egress.ts';
import type { EgressPolicy } from './egress.ts';
import { networkFailure } from './failure.ts';
import { judgeLogin } from './login.ts';
import { canonicalHost } from './canonical-host.ts';
import { createResolve, resolveHost } from './resolve.ts';
import type { Resolve } from './resolve.ts';
import { secure } from './tls.ts';
import type { Secured } from './tls.ts';
import type { Trail } from './trail.ts';

export interface DialerOptions {
  readonly policy: EgressPolicy;
  readonly environment: string;
  readonly tlsAsk: TlsAsk;
  readonly trail: Trail;
  readonly resolve?: Resolve;
  /** Whether the owner of the credentials lets them go there; asked of whatever is dialled, places that a source announces among them. */
  readonly mayDial?: (place: Place) => boolean;
}

/** When the trail aborts or the dialer is disposed of, every socket that it opened is destroyed. */
export const createDialer = ({
  policy,
  environment,
  tlsAsk,
  trail,
  resolve = createResolve(),
  mayDial = () => true,
}: DialerOptions): Dialer & AsyncDisposable => {
  const { signal } = trail;
  const permitted = judge(policy, environment);
  const sockets = new Set<Socket>();

  const destroyAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  signal.addEventListener('abort', destroyAll, { once: true });

  const track = (socket: Socket, hear: Notes['hear']) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', hear);
    socket.once('end', () => hear(ended));
    if (signal.aborted) socket.destroy();
  };

  const judged = async <To extends Place>(
    members: readonly To[],
    { step }: Notes,
    allowed: typeof mayDial,
  ) => {
    const ends = await step('resolve', () => resolveAll(members, signal, resolve));
    await step('egress', async () => {
      const fits = ({ address, port, to }: End<Place>) =>
        permitted(canonicalHost(to.host) ?? to.host, address, port);
      if (!ends.every(fits)) throw new Problem('host-forbidden');
      if (!members.every(allowed)) throw notNamed();
    });
    return ends;
  };

  const dialerOf = (ask: TlsAsk, record: Notes, allowed = mayDial): Dialer => {
    const { step, hear } = record;
    const tcpAny = async <To extends Place>(members: readonly To[]) => {
      const ends = await judged(members, record, allowed);
      return step('connect', async () => {
        const connected = await connectFirst(ends, signal);
        track(connected.socket, hear);
        return connected;
      });
    };
    return {
      tlsAsk: ask,
      signal,
      step: (name, work) => step(name, work),
      tcp: async (to) => (await tcpAny([to])).socket,
      tcpAny,
      udp: async (to, question) => {
        // A question holds no secret, and goes to a port of its own.
        const ends = await judged([to], record, () => true);
        return step('connect', () => askFirst(ends, question, signal));
      },
      tls: (socket, { host }, negotiate, inClear) =>
        step('tls', async () => {
          const tracked = (encrypted: Socket) => track(encrypted, hear);
          const secured = await secure(socket, { host, ask, negotiate, track: tracked }).catch(
            (error: unknown) => inClearAfter(error, ask, inClear),
          );
          if (secured.warning) record.warn('tls', { code: secured.warning });
          record.note('tls', secured.facts);
          return secured.socket;
        }),
      permitLogin: (login, { encrypted, inClear = false }) => {
        const warning = judgeLogin(login, { encrypted, inClear: inClear || ask.mode === 'disable' });
        if (warning) record.warn('authenticate', warning);
      },
      aside: (other) => dialerOf(other, unrecorded, () => true),
    };
  };

  return {
    ...dialerOf(tlsAsk, trail),
    [Symbol.asyncDispose]: async () => {
      signal.removeEventListener('abort', destroyAll);
      const closed = [...sockets].map(
        (socket) => new Promise<void>((done) => void socket.once('close', () => done())),
      );
      destroyAll();
      await Promise.all(closed);
    },
  };
};

const notNamed = () =>
  new Problem('secret-not-shared', 'The source is at, or sends on to, a place that the tags do not name', {
    remediation:
      'Add every broker, member and redirect that the source announces to the tag mooring:host of the secret, as host:port or as .suffix:port.',
  });

type Notes = Pick<Trail, 'step' | 'warn' | 'note' | 'hear'>;

/** For who is not the source: what happens on the way there is no word on the source's own. */
const unrecorded: Notes = {
  step: (_, work) => work(),
  warn: () => {},
  note: () => {},
  hear: () => {},
};

/** All addresses, one member's after the other's: with the first address of each first, a member that is down costs the others little. */
const resolveAll = async <To extends Place>(
  members: readonly To[],
  signal: AbortSignal,
  resolve: Resolve,
): Promise<readonly End<To>[]> => {
  const answers = await Promise.allSettled(members.map(({ host }) => resolveHost(host, signal, resolve)));
  const found = answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  const failed = answers.find((answer) => answer.status === 'rejected');
  if (failed && found.every((addresses) => addresses.length === 0)) throw failed.reason;
  const most = Math.max(0, ...found.map((addresses) => addresses.length));
  return Array.from({ length: most }, (_, turn) =>
    members.flatMap((to, at): End<To>[] => {
      const address = found[at]?.[turn];
      return address === undefined ? [] : [{ address, port: to.port, to }];
    }),
  ).flat();
};

/** No TLS where the server speaks in clear: what was asked for with `prefer`, and with anything better what is wrong. */
const inClearAfter = async (
  error: unknown,
  { mode }: TlsAsk,
  inClear: ((error: unknown) => Promise<Socket>) | undefined,
): Promise<Secured> => {
  const said = error instanceof Problem ? undefined : networkFailure(error);
  const none = said?.code === 'connection-reset' || said?.code === 'tls-unsupported';
  // Who sends an alert speaks TLS.
  if (!inClear || !none || said.native?.includes('ALERT')) throw error;
  const socket = await inClear(error);
  if (mode === 'prefer') return { socket, warning: 'tls-off', facts: {} };
  socket.destroy();
  throw new Problem('tls-unsupported', undefined, { cause: error });
};

/** The other side said no more, and not why. */
const ended = Object.assign(new Error('ended by the other side'), { code: 'ECONNRESET' });
