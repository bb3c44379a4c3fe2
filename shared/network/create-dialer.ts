import type { Socket } from 'node:net';
import { Problem } from '../problem.ts';
import { exchangeDatagram } from './exchange-datagram.ts';
import { connectToFirst } from './connect-to-first.ts';
import type { DialAddress } from './connect-to-first.ts';
import type { Dialer, HostPort, TlsSettings } from './dialer.ts';
import { createEgressCheck } from './egress.ts';
import type { EgressPolicy } from './egress.ts';
import { classifyNetworkError } from './classify-network-error.ts';
import { assessLogin } from './login-methods.ts';
import { toCanonicalHost } from './to-canonical-host.ts';
import { createHostResolver, resolveHost } from './resolve-host.ts';
import type { HostResolver } from './resolve-host.ts';
import { secureSocket } from './tls/secure-socket.ts';
import type { SecuredSocket } from './tls/secure-socket.ts';
import type { StepRecorder } from './step-recorder.ts';

export interface DialerOptions {
  readonly policy: EgressPolicy;
  readonly environment: string;
  readonly tlsSettings: TlsSettings;
  readonly recorder: StepRecorder;
  readonly resolve?: HostResolver;
  /** Whether the credentials may be sent to this host and port. Checked for every host dialed, also for hosts that a source announces. */
  readonly mayDial?: (place: HostPort) => boolean;
}

/** Destroys every socket that it opened when the recorder aborts or the dialer is disposed. */
export const createDialer = ({
  policy,
  environment,
  tlsSettings,
  recorder,
  resolve = createHostResolver(),
  mayDial = () => true,
}: DialerOptions): Dialer & AsyncDisposable => {
  const { signal } = recorder;
  const isPermitted = createEgressCheck(policy, environment);
  const sockets = new Set<Socket>();

  const destroyAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  signal.addEventListener('abort', destroyAll, { once: true });

  const track = (socket: Socket, hear: DialRecorder['hear']) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', hear);
    socket.once('end', () => hear(peerEndedError));
    if (signal.aborted) socket.destroy();
  };

  const resolvePermitted = async <To extends HostPort>(
    members: readonly To[],
    { step }: DialRecorder,
    allowed: typeof mayDial,
  ) => {
    const addresses = await step('resolve', () => resolveDialMembers(members, signal, resolve));
    await step('egress', async () => {
      const isAllowedAddress = ({ address, port, to }: DialAddress<HostPort>) =>
        isPermitted(toCanonicalHost(to.host) ?? to.host, address, port);
      if (!addresses.every(isAllowedAddress)) throw new Problem('host-forbidden');
      if (!members.every(allowed)) throw createUntaggedHostProblem();
    });
    return addresses;
  };

  const buildDialer = (ask: TlsSettings, record: DialRecorder, allowed = mayDial): Dialer => {
    const { step, hear } = record;
    const tcpAny = async <To extends HostPort>(members: readonly To[]) => {
      const addresses = await resolvePermitted(members, record, allowed);
      return step('connect', async () => {
        const connected = await connectToFirst(addresses, signal);
        track(connected.socket, hear);
        return connected;
      });
    };
    return {
      tlsSettings: ask,
      signal,
      step: (name, work) => step(name, work),
      tcp: async (to) => (await tcpAny([to])).socket,
      tcpAny,
      udp: async (to, question) => {
        // The request contains no secret and goes to a separate port, so `mayDial` does not apply.
        const addresses = await resolvePermitted([to], record, () => true);
        return step('connect', () => exchangeDatagram(addresses, question, signal));
      },
      tls: (socket, { host }, negotiate, inClear) =>
        step('tls', async () => {
          const tracked = (encrypted: Socket) => track(encrypted, hear);
          const secured = await secureSocket(socket, { host, ask, negotiate, track: tracked }).catch(
            (error: unknown) => fallBackToPlaintext(error, ask, inClear),
          );
          if (secured.warning) record.warn('tls', { code: secured.warning });
          record.note('tls', secured.facts);
          return secured.socket;
        }),
      permitLogin: (login, { encrypted, inClear = false }) => {
        const warning = assessLogin(login, { encrypted, inClear: inClear || ask.mode === 'disable' });
        if (warning) record.warn('authenticate', warning);
      },
      withoutSteps: (other) => buildDialer(other, noopRecorder, () => true),
    };
  };

  return {
    ...buildDialer(tlsSettings, recorder),
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

const createUntaggedHostProblem = () =>
  new Problem('secret-not-shared', 'The tags of the secret do not allow a host of the source', {
    remediation:
      'Add all brokers, members and redirect targets that the source announces to the tag mooring:host of the secret, as host:port or .suffix:port.',
  });

type DialRecorder = Pick<StepRecorder, 'step' | 'warn' | 'note' | 'hear'>;

/** For hosts other than the source: what happens on the way to them must not appear in the steps of the source. */
const noopRecorder: DialRecorder = {
  step: (_, work) => work(),
  warn: () => {},
  note: () => {},
  hear: () => {},
};

/**
 * Resolves all members and interleaves their addresses: the first address of each member, then the second of each. A member that is down
 * then delays the others very little.
 */
const resolveDialMembers = async <To extends HostPort>(
  members: readonly To[],
  signal: AbortSignal,
  resolve: HostResolver,
): Promise<readonly DialAddress<To>[]> => {
  const answers = await Promise.allSettled(members.map(({ host }) => resolveHost(host, signal, resolve)));
  const found = answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  const failed = answers.find((answer) => answer.status === 'rejected');
  if (failed && found.every((addresses) => addresses.length === 0)) throw failed.reason;
  const most = Math.max(0, ...found.map((addresses) => addresses.length));
  return Array.from({ length: most }, (_, turn) =>
    members.flatMap((to, at): DialAddress<To>[] => {
      const address = found[at]?.[turn];
      return address === undefined ? [] : [{ address, port: to.port, to }];
    }),
  ).flat();
};

/** Handles a server without TLS: `prefer` continues in plaintext with a warning, every stricter mode fails with `tls-unsupported`. */
const fallBackToPlaintext = async (
  error: unknown,
  { mode }: TlsSettings,
  dialPlaintext: ((error: unknown) => Promise<Socket>) | undefined,
): Promise<SecuredSocket> => {
  const said = error instanceof Problem ? undefined : classifyNetworkError(error);
  const none = said?.code === 'connection-reset' || said?.code === 'tls-unsupported';
  // A server that sends an alert supports TLS.
  if (!dialPlaintext || !none || said.native?.includes('ALERT')) throw error;
  const socket = await dialPlaintext(error);
  if (mode === 'prefer') return { socket, warning: 'tls-off', facts: {} };
  socket.destroy();
  throw new Problem('tls-unsupported', undefined, { cause: error });
};

/** The peer closed the connection without an error. */
const peerEndedError = Object.assign(new Error('ended by the other side'), { code: 'ECONNRESET' });
