import { fileURLToPath } from 'node:url';
import { type ProcessProbe, createProcessProbe } from '../../shared/adapters/local/process-probe.ts';
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
    vantage: { region: null, vpc_id: null, egress_ips: [] },
    clock: Date.now,
    environment: splitEnvironment(process.env),
    ...(writeLog && { writeLog }),
  });

/**
 * `open` holds the variables that a process needs when it starts; others on this machine may see them. `told` holds the rest, such as AWS
 * keys and passwords of proxies, and is sent to the process. The probe does not need the API key of the local server.
 */
export const splitEnvironment = ({
  MOORING_API_KEY: _,
  ...environment
}: Readonly<Record<string, string | undefined>>) => {
  const open: Record<string, string> = {};
  const told: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment))
    if (value !== undefined && !name.startsWith('NODE_CHANNEL_'))
      (startVariables.has(name.toUpperCase()) ? open : told)[name] = value;
  return { open, told };
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
