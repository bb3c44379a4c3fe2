import { fileURLToPath } from 'node:url';
import {
  createProcessProbe,
  type EndedCallHandlers,
  type ProcessProbe,
} from '../../shared/adapters/local/process-probe.ts';
import type { Vantage } from '../../shared/domain/testing/test-result.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { EgressPolicy } from '../../shared/network/egress.ts';
import type { Store } from '../../shared/ports/store.ts';
import type { Vault } from '../../shared/ports/vault.ts';

interface LocalProbeOptions {
  readonly store: Store;
  readonly vault: Vault;
  readonly policy: EgressPolicy;
  readonly writeLog: ((line: string) => void) | undefined;
}

/** The file that a probe process runs. */
export const probeEntryFile = fileURLToPath(new URL('probe-process.ts', import.meta.url));

/** The probe of a local server, in processes of its own. */
export const openLocalProbe = ({ store, vault, policy, writeLog }: LocalProbeOptions): ProcessProbe =>
  createProcessProbe({
    entry: probeEntryFile,
    store,
    vault,
    policy,
    vantage: localVantage,
    ...createEndedCallHandlers(store, Date.now),
    environment: splitEnvironment(process.env),
    ...(writeLog && { writeLog }),
  });

const localVantage: Vantage = { region: null, vpc_id: null, egress_ips: [] };

/** Loads the use cases when a process has ended. */
export const createEndedCallHandlers = (store: Store, clock: Clock): EndedCallHandlers => ({
  recordEndedTest: async (call, problem) => {
    const { recordEndedTest } = await import('../../shared/domain/testing/ended-test.ts');
    await recordEndedTest({ store, clock, vantage: localVantage }, call, problem);
  },
  abandonIntrospection: async (call, problem) => {
    const { abandonIntrospection } = await import('../../shared/domain/catalog/introspect.ts');
    await abandonIntrospection({ store, clock }, call, problem);
  },
});

/**
 * `atStart` holds the variables that a process needs when it starts; others on this machine may see them. `afterStart` holds the rest, such as AWS
 * keys and passwords of proxies, and is sent to the process. The probe does not need the API key of the local server.
 */
export const splitEnvironment = ({
  MOORING_API_KEY: _,
  ...environment
}: Readonly<Record<string, string | undefined>>) => {
  const atStart: Record<string, string> = {};
  const afterStart: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment))
    if (value !== undefined && !name.startsWith('NODE_CHANNEL_'))
      (startVariables.has(name.toUpperCase()) ? atStart : afterStart)[name] = value;
  return { atStart, afterStart };
};

/** Read by the system's loader, Node and OpenSSL. */
const startVariables: ReadonlySet<string> = new Set([
  'PATH',
  'HOME',
  'USERPROFILE',
  'SYSTEMROOT',
  'WINDIR',
  'TMPDIR',
  'TEMP',
  'TMP',
  'TZ',
  'LANG',
  'LC_ALL',
  'LD_LIBRARY_PATH',
  'NODE_OPTIONS',
  'NODE_EXTRA_CA_CERTS',
  'NODE_USE_SYSTEM_CA',
  'NODE_COMPILE_CACHE',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'OPENSSL_CONF',
]);
