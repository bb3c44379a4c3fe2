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
  /** Whether the credentials may be sent to this host and port. Checked for every host dialed, also for hosts that a source announces. */
  readonly mayDial?: (place: Place) => boolean;
}

/** Destroys every socket that it opened when the recorder aborts or the dialer is disposed. */
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
        // The request contains no secret and goes to a separate port, so `mayDial` does not apply.
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

/** For hosts other than the source: what happens on the way to them must not appear in the steps of the source. */
const unrecorded: Notes = {
  step: (_, work) => work(),
  warn: () => {},
  note: () => {},
  hear: () => {},
};

/**
 * Resolves all members and interleaves their addresses: the first address of each member, then the second of each. A member that is down
 * then delays the others very little.
 */
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

/** Handles a server without TLS: `prefer` continues in plaintext with a warning, every stricter mode fails with `tls-unsupported`. */
const inClearAfter = async (
  error: unknown,
  { mode }: TlsAsk,
  inClear: ((error: unknown) => Promise<Socket>) | undefined,
): Promise<Secured> => {
  const said = error instanceof Problem ? undefined : networkFailure(error);
  const none = said?.code === 'connection-reset' || said?.code === 'tls-unsupported';
  // A server that sends an alert supports TLS.
  if (!inClear || !none || said.native?.includes('ALERT')) throw error;
  const socket = await inClear(error);
  if (mode === 'prefer') return { socket, warning: 'tls-off', facts: {} };
  socket.destroy();
  throw new Problem('tls-unsupported', undefined, { cause: error });
};

/** The peer closed the connection without an error. */
const ended = Object.assign(new Error('ended by the other side'), { code: 'ECONNRESET' });
