import { isIPv4, isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';
import * as v from 'valibot';

const AddressOrCidr = v.pipe(
  v.string(),
  v.check((text) => parseIpRange(text) !== undefined, 'an address or a CIDR'),
);
const AddressOrEndpoint = v.pipe(
  v.string(),
  v.check(
    (text) => parseIpRange(text) !== undefined || parseIpEndpoint(text) !== undefined,
    'an address, a CIDR or address:port',
  ),
);
const HostPattern = v.pipe(
  v.string(),
  v.regex(/^(\*\.)?([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\.)*[a-z_][a-z0-9_-]*$/i, 'a host name or *.suffix'),
);
export const EgressAllowList = v.array(
  v.union([AddressOrCidr, HostPattern], 'an address, a CIDR, a host name or *.suffix'),
);

/** The addresses that a deployment allows its probe to dial. `forbiddenRanges` are never dialed. */
export const EgressPolicy = v.strictObject({
  /** For `npm start` and tests only. Permits loopback addresses; everything else that is always refused stays refused. */
  loopback: v.exactOptional(v.boolean()),
  /** The subnets of the probe, VPC endpoints, the resolver of the VPC. Also accepts `address:port`, for the Lambda runtime API. */
  deny: v.exactOptional(v.array(AddressOrEndpoint)),
  /** If present, only these may be dialed. */
  allow: v.exactOptional(EgressAllowList),
  /** Replaces `allow`, by environment. */
  environments: v.exactOptional(v.record(v.string(), v.strictObject({ allow: EgressAllowList }))),
  /**
   * URLs that replace fixed hosts, such as PrivateLink endpoints. The key is a connector whose service has a fixed host, or an AWS service
   * that a connector calls (`redshift`, `redshift-serverless`, `sts`). Callers cannot set them.
   */
  endpoints: v.exactOptional(v.record(v.string(), v.pipe(v.string(), v.url('a URL')))),
  /** What webhooks may be sent to: `WebhookEgress` in `webhook-egress.ts`. The probe, which must stay small, does not read it. */
  webhooks: v.exactOptional(v.unknown()),
});
export type EgressPolicy = v.InferOutput<typeof EgressPolicy>;

/** `host` is the requested canonical name or IP literal; `address` is one of the addresses that it resolves to. */
export type EgressCheck = (host: string, address: string, port: number) => boolean;

/** Creates the check of a policy. An IPv6 address with an embedded IPv4 address must pass as both. */
export const createEgressCheck = (policy: EgressPolicy, environment: string): EgressCheck => {
  const denied = (policy.deny ?? []).flatMap((text) => parseIpRange(text) ?? []);
  const deniedEndpoints = (policy.deny ?? []).flatMap((text) => parseIpEndpoint(text) ?? []);
  const listed = Object.hasOwn(policy.environments ?? {}, environment)
    ? policy.environments?.[environment]?.allow
    : policy.allow;
  const allowed = listed?.flatMap((text) => parseIpRange(text) ?? []);

  return (host, text, port) => {
    const address = parseIpAddress(text);
    if (!address) return false;
    const readings = listReadings(address);
    if (isInAnyRange(readings, forbiddenRanges) || isInAnyRange(readings, denied)) return false;
    if (
      isInAnyRange(readings, loopbackRanges) &&
      !(policy.loopback && isInAnyRange([unmapIpv4(address)], loopbackRanges))
    )
      return false;
    if (deniedEndpoints.some((end) => end.port === port && isInAnyRange(readings, [end.range]))) return false;
    return (
      !allowed ||
      isInAnyRange(readings, allowed) ||
      (listed ?? []).some((pattern) => matchesHostPattern(pattern, host))
    );
  };
};

type IpAddress = ipaddr.IPv4 | ipaddr.IPv6;
interface IpRange {
  readonly start: IpAddress;
  readonly bits: number;
}

/** Normalizes IPv6 with URL first, because ipaddr.js reads `::1.2.3.4` as `::ffff:1.2.3.4`. */
const parseIpAddress = (text: string): IpAddress | undefined => {
  if (isIPv4(text)) return ipaddr.parse(text);
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const written = URL.parse(`http://[${text}]/`)?.hostname.slice(1, -1);
  return written === undefined ? undefined : ipaddr.parse(written);
};

const parseIpRange = (text: string): IpRange | undefined => {
  const [start = '', length, more] = text.split('/');
  const address = parseIpAddress(start);
  if (!address || more !== undefined) return undefined;
  const bits = address.kind() === 'ipv4' ? 32 : 128;
  if (length === undefined) return { start: address, bits };
  return /^\d{1,3}$/.test(length) && Number(length) <= bits
    ? { start: address, bits: Number(length) }
    : undefined;
};

const parseIpEndpoint = (text: string): { range: IpRange; port: number } | undefined => {
  const [, bracketed, bare, digits] = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(text) ?? [];
  const address = parseIpAddress(bracketed ?? bare ?? '');
  const port = Number(digits);
  if (!address || port > 65_535) return undefined;
  return { range: { start: address, bits: address.kind() === 'ipv4' ? 32 : 128 }, port };
};

const parseIpRanges = (...texts: string[]): readonly IpRange[] =>
  texts.flatMap((text) => parseIpRange(text) ?? []);

const loopbackRanges = parseIpRanges('127.0.0.0/8', '::1');

/**
 * https://www.iana.org/assignments/iana-ipv4-special-registry and https://www.iana.org/assignments/iana-ipv6-special-registry.
 * `fd00:ec2::/32` is the instance metadata and resolver of AWS.
 */
const forbiddenRanges = parseIpRanges(
  '0.0.0.0/8', // this host
  '169.254.0.0/16', // link-local: instance metadata, the resolver of the VPC, the Lambda runtime API
  '192.0.0.0/24', // protocol assignments; instance metadata of Oracle Cloud
  // Instance metadata of Azure and Alibaba Cloud: `npm start` may run on their machines.
  '168.63.129.16',
  '100.100.100.200',
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, broadcast
  '::/128',
  'fe80::/10',
  'fec0::/10', // site-local (deprecated), whose addresses have a zone
  'ff00::/8',
  'fd00:ec2::/32',
  'fd20:ce::254', // instance metadata of Google Cloud
  '64:ff9b:1::/48', // local NAT64: only its operator knows the position of the IPv4 address
);

const isInAnyRange = (addresses: readonly IpAddress[], list: readonly IpRange[]): boolean =>
  addresses.some((address) =>
    list.some(({ start, bits }) => {
      if (address instanceof ipaddr.IPv4) return start instanceof ipaddr.IPv4 && address.match(start, bits);
      return start instanceof ipaddr.IPv6 && address.match(start, bits);
    }),
  );

const unmapIpv4 = (address: IpAddress): IpAddress =>
  address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() ? address.toIPv4Address() : address;

/** Lists the address and every IPv4 address that a device on the path may extract from it. */
const listReadings = (address: IpAddress): readonly IpAddress[] => {
  if (address instanceof ipaddr.IPv4) return [address];
  const bytes = address.toByteArray();
  const readIpv4 = (at: number, flip = 0): IpAddress =>
    new ipaddr.IPv4(bytes.slice(at, at + 4).map((byte) => byte ^ flip));
  const embedded = embeddedIpv4Forms.flatMap(([range, read]) =>
    isInAnyRange([address], parseIpRanges(range)) ? read(readIpv4) : [],
  );
  const isatap =
    (bytes[8] === 0 || bytes[8] === 2) && bytes[9] === 0 && bytes[10] === 0x5e && bytes[11] === 0xfe;
  const own = isInAnyRange([address], parseIpRanges('::1', '::'));
  return own ? [address] : [address, ...embedded, ...(isatap ? [readIpv4(12)] : [])];
};

type ReadEmbeddedIpv4 = (at: number, flip?: number) => IpAddress;
const embeddedIpv4Forms: readonly (readonly [string, (v4: ReadEmbeddedIpv4) => IpAddress[]])[] = [
  ['::/96', (v4) => [v4(12)]], // IPv4-compatible, RFC 4291
  ['::ffff:0:0/96', (v4) => [v4(12)]], // IPv4-mapped, RFC 4291
  ['::ffff:0:0:0/96', (v4) => [v4(12)]], // IPv4-translated, RFC 2765
  ['64:ff9b::/96', (v4) => [v4(12)]], // NAT64, RFC 6052
  ['2002::/16', (v4) => [v4(2)]], // 6to4, RFC 3056
  ['2001::/32', (v4) => [v4(4), v4(12, 0xff)]], // Teredo, RFC 4380: the server and the client
];

const matchesHostPattern = (pattern: string, host: string): boolean => {
  const wanted = pattern.toLowerCase();
  const name = host.toLowerCase();
  return wanted.startsWith('*.')
    ? name.endsWith(wanted.slice(1)) // no name begins with a dot, so at least one label precedes the suffix
    : name === wanted;
};
