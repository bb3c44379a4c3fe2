import { isIP, isIPv6 } from 'node:net';
import { type Connector, type SourceReach, type SslMode, sslModes } from '../../connectors/connector.ts';
import type { HostPort } from '../../network/dialer.ts';
import { toCanonicalHost } from '../../network/to-canonical-host.ts';
import type { Tenant } from '../access/tenant.ts';

export type SecretTags = Readonly<Record<string, string>>;

export interface SharedSecretTags {
  readonly tenant: Tenant;
  /** The tags of the secret. `undefined` if it does not exist or is not shared with Mooring. */
  readonly tags: SecretTags | undefined;
}

/** What the tags of a secret allow. */
interface TagPermissions {
  /**
   * The values of `mooring:host` and `mooring:host-2` to `-9`, which form one list separated by blanks: `host`, `host:port` or
   * `.suffix[:port]`.
   */
  readonly entries: readonly string[];
  /** The value of `mooring:host` alone, as earlier releases compared it. */
  readonly whole: string;
  /** The weakest `ssl_mode` that is allowed. */
  readonly mode: SslMode;
}

/** The tags that hold the list of hosts. The value of one tag has at most 256 characters. */
const hostTagNames = ['mooring:host', ...[2, 3, 4, 5, 6, 7, 8, 9].map((n) => `mooring:host-${n}`)];

/** Parses the tags of a caller's own secret. Returns `undefined` if they do not name this tenant. */
export const parseSecretTags = ({ tenant, tags }: SharedSecretTags): TagPermissions | undefined => {
  if (tags?.['mooring:tenant'] !== `${tenant.org}/${tenant.environment}`) return undefined;
  const mode = sslModes.find((each) => each === tags['mooring:tls']);
  return {
    entries: hostTagNames.flatMap((tag) => (tags[tag] ?? '').split(/\s+/).filter((entry) => entry !== '')),
    whole: tags['mooring:host'] ?? '',
    mode: mode ?? 'verify-full',
  };
};

interface AllowedHosts {
  readonly mayDial: (place: HostPort) => boolean;
  /** The hosts in `config` that no entry allows, as entries that would allow them. */
  readonly missing: readonly string[];
}

/** Compares the hosts that a connection names, and each host that it dials later, with the entries. */
export const resolveAllowedHosts = (
  connector: Connector,
  { entries, whole }: TagPermissions,
  reach: SourceReach,
): AllowedHosts => {
  const bare = reach.bareEntry ?? connector.defaultPort ?? 'no-port';
  const rules = entries.flatMap((entry) => parseHostEntry(entry) ?? []);
  const isAllowed = (host: string, port: number | undefined) =>
    rules.some((rule) => isHostMatch(rule, host) && isPortMatch(rule.port ?? bare, port));
  const named = reach.named.map((source) => ({
    ...source,
    // Some sources are identified by a name that is not a host.
    byName: source.entry !== undefined && (whole === source.entry || entries.includes(source.entry)),
  }));
  const byName = named.filter((source) => source.byName).flatMap(({ hosts }) => hosts);
  const isNamed = ({ host, port }: HostPort) =>
    byName.some((one) => canonicalizeHost(one.host) === host && (one.port ?? port) === port);
  return {
    mayDial: (address) => {
      const host = canonicalizeHost(address.host);
      if (host === undefined) return false;
      const { port } = address;
      return (
        isAllowed(host, port) ||
        isNamed({ host, port }) ||
        named.some(
          ({ standsFor, hosts }) =>
            standsFor?.(host) === true &&
            hosts.some((name) => isAllowed(canonicalizeHost(name.host) ?? '', port)),
        ) ||
        reach.includes?.(host, port) === true
      );
    },
    missing: named
      .filter((source) => !source.byName)
      .flatMap(({ entry, hosts }) =>
        hosts.length === 0
          ? [entry ?? '']
          : hosts.flatMap(({ host, port }) =>
              isAllowed(canonicalizeHost(host) ?? '', port) ? [] : [renderHostEntry(host, port, bare)],
            ),
      ),
  };
};

/** Finds the tag that does not allow the connection, and what to add to it. `undefined` if all tags allow it. */
export const findMissingTag = (
  tags: TagPermissions | undefined,
  places: AllowedHosts | undefined,
  { inClear }: SourceReach,
  mode: SslMode,
): { readonly tag: string; readonly remediation?: string } | undefined => {
  if (!tags || !places) return { tag: 'mooring:tenant' };
  if (places.missing.length > 0) {
    const remediation = `Add to the tag mooring:host of the secret, or to mooring:host-2 … mooring:host-9 if it is full: ${places.missing.join(' ')}`;
    return { tag: 'mooring:host', remediation };
  }
  const used = inClear === true ? 'disable' : mode;
  if (sslModes.indexOf(used) >= sslModes.indexOf(tags.mode)) return undefined;
  const instead = inClear === true ? 'connect with TLS' : `set ssl_mode to ${tags.mode}`;
  const remediation = `Add the tag mooring:tls with the value ${used} to the secret, or ${instead}.`;
  return { tag: 'mooring:tls', remediation };
};

interface HostRule {
  readonly host: string;
  /** The entry allows all subdomains of the host, but not the host itself. */
  readonly below: boolean;
  readonly port: number | undefined;
}

/** An IPv6 address is written without brackets and port, because a tag cannot contain brackets. */
const parseHostEntry = (entry: string): HostRule | undefined => {
  const [, name = entry, digits] = isIPv6(entry) ? [] : (/^([^:]+):(\d{1,5})$/.exec(entry) ?? []);
  const below = name.startsWith('.');
  const host = canonicalizeHost(below ? name.slice(1) : name);
  const port = digits === undefined ? undefined : Number(digits);
  if (host === undefined || (below && isIP(host) !== 0)) return undefined;
  return { host, below, port };
};

const isHostMatch = ({ host, below }: HostRule, asked: string): boolean =>
  below ? isIP(asked) === 0 && asked.endsWith(`.${host}`) : host === asked;

/** An unknown port matches every entry. It is checked again when it is dialled. */
const isPortMatch = (allowed: NonNullable<SourceReach['bareEntry']>, port: number | undefined): boolean =>
  allowed === 'any-port' || (allowed !== 'no-port' && (port === undefined || allowed === port));

const canonicalizeHost = (host: string) => toCanonicalHost(host);

const renderHostEntry = (host: string, port: number | undefined, bare: SourceReach['bareEntry']): string => {
  const name = canonicalizeHost(host) ?? host;
  return port === undefined || port === bare || isIPv6(name) ? name : `${name}:${port}`;
};
