import { isIPv4, isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';
import * as v from 'valibot';

const Cidr = v.pipe(
  v.string(),
  v.check((text) => rangeOf(text) !== undefined, 'an address or a CIDR'),
);
const Endpoint = v.pipe(
  v.string(),
  v.check(
    (text) => rangeOf(text) !== undefined || endpointOf(text) !== undefined,
    'an address, a CIDR or address:port',
  ),
);
const HostPattern = v.pipe(
  v.string(),
  v.regex(/^(\*\.)?([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\.)*[a-z_][a-z0-9_-]*$/i, 'a host name or *.suffix'),
);
const AllowList = v.array(v.union([Cidr, HostPattern], 'an address, a CIDR, a host name or *.suffix'));

/** The addresses that a deployment allows its probe to dial. `forbiddenRanges` are never dialed. */
export const EgressPolicy = v.strictObject({
  /** For `npm start` and tests only. Permits loopback addresses; everything else that is always refused stays refused. */
  loopback: v.exactOptional(v.boolean()),
  /** The subnets of the probe, VPC endpoints, the resolver of the VPC. Also accepts `address:port`, for the Lambda runtime API. */
  deny: v.exactOptional(v.array(Endpoint)),
  /** If present, only these may be dialed. */
  allow: v.exactOptional(AllowList),
  /** Replaces `allow`, by environment. */
  environments: v.exactOptional(v.record(v.string(), v.strictObject({ allow: AllowList }))),
  /**
   * URLs that replace fixed hosts, such as PrivateLink endpoints. The key is a connector whose service has a fixed host, or an AWS service
   * that a connector calls (`redshift`, `redshift-serverless`, `sts`). Callers cannot set them.
   */
  endpoints: v.exactOptional(v.record(v.string(), v.pipe(v.string(), v.url('a URL')))),
});
export type EgressPolicy = v.InferOutput<typeof EgressPolicy>;

/** `host` is the requested canonical name or IP literal; `address` is one of the addresses that it resolves to. */
export type Judge = (host: string, address: string, port: number) => boolean;

/** Creates the check of a policy. An IPv6 address with an embedded IPv4 address must pass as both. */
export const judge = (policy: EgressPolicy, environment: string): Judge => {
  const denied = (policy.deny ?? []).flatMap((text) => rangeOf(text) ?? []);
  const deniedEndpoints = (policy.deny ?? []).flatMap((text) => endpointOf(text) ?? []);
  const listed = Object.hasOwn(policy.environments ?? {}, environment)
    ? policy.environments?.[environment]?.allow
    : policy.allow;
  const allowed = listed?.flatMap((text) => rangeOf(text) ?? []);

  return (host, text, port) => {
    const address = addressOf(text);
    if (!address) return false;
    const readings = readingsOf(address);
    if (inAny(readings, never) || inAny(readings, denied)) return false;
    if (inAny(readings, loopback) && !(policy.loopback && inAny([plain(address)], loopback))) return false;
    if (deniedEndpoints.some((end) => end.port === port && inAny(readings, [end.range]))) return false;
    return (
      !allowed || inAny(readings, allowed) || (listed ?? []).some((pattern) => matchesName(pattern, host))
    );
  };
};

type Address = ipaddr.IPv4 | ipaddr.IPv6;
interface Range {
  readonly start: Address;
  readonly bits: number;
}

/** Normalizes IPv6 with URL first, because ipaddr.js reads `::1.2.3.4` as `::ffff:1.2.3.4`. */
const addressOf = (text: string): Address | undefined => {
  if (isIPv4(text)) return ipaddr.parse(text);
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const written = URL.parse(`http://[${text}]/`)?.hostname.slice(1, -1);
  return written === undefined ? undefined : ipaddr.parse(written);
};

const rangeOf = (text: string): Range | undefined => {
  const [start = '', length, more] = text.split('/');
  const address = addressOf(start);
  if (!address || more !== undefined) return undefined;
  const bits = address.kind() === 'ipv4' ? 32 : 128;
  if (length === undefined) return { start: address, bits };
  return /^\d{1,3}$/.test(length) && Number(length) <= bits
    ? { start: address, bits: Number(length) }
    : undefined;
};

const endpointOf = (text: string): { range: Range; port: number } | undefined => {
  const [, bracketed, bare, digits] = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(text) ?? [];
  const address = addressOf(bracketed ?? bare ?? '');
  const port = Number(digits);
  if (!address || port > 65_535) return undefined;
  return { range: { start: address, bits: address.kind() === 'ipv4' ? 32 : 128 }, port };
};

const ranges = (...texts: string[]): readonly Range[] => texts.flatMap((text) => rangeOf(text) ?? []);

const loopback = ranges('127.0.0.0/8', '::1');

/**
 * https://www.iana.org/assignments/iana-ipv4-special-registry and https://www.iana.org/assignments/iana-ipv6-special-registry.
 * `fd00:ec2::/32` is the instance metadata and resolver of AWS.
 */
const never = ranges(
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

const inAny = (addresses: readonly Address[], list: readonly Range[]): boolean =>
  addresses.some((address) =>
    list.some(({ start, bits }) => {
      if (address instanceof ipaddr.IPv4) return start instanceof ipaddr.IPv4 && address.match(start, bits);
      return start instanceof ipaddr.IPv6 && address.match(start, bits);
    }),
  );

const plain = (address: Address): Address =>
  address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() ? address.toIPv4Address() : address;

/** Lists the address and every IPv4 address that a device on the path may extract from it. */
const readingsOf = (address: Address): readonly Address[] => {
  if (address instanceof ipaddr.IPv4) return [address];
  const bytes = address.toByteArray();
  const v4 = (at: number, flip = 0): Address =>
    new ipaddr.IPv4(bytes.slice(at, at + 4).map((byte) => byte ^ flip));
  const embedded = forms.flatMap(([range, read]) => (inAny([address], ranges(range)) ? read(v4) : []));
  const isatap =
    (bytes[8] === 0 || bytes[8] === 2) && bytes[9] === 0 && bytes[10] === 0x5e && bytes[11] === 0xfe;
  const own = inAny([address], ranges('::1', '::'));
  return own ? [address] : [address, ...embedded, ...(isatap ? [v4(12)] : [])];
};

type ReadV4 = (at: number, flip?: number) => Address;
const forms: readonly (readonly [string, (v4: ReadV4) => Address[]])[] = [
  ['::/96', (v4) => [v4(12)]], // IPv4-compatible, RFC 4291
  ['::ffff:0:0/96', (v4) => [v4(12)]], // IPv4-mapped, RFC 4291
  ['::ffff:0:0:0/96', (v4) => [v4(12)]], // IPv4-translated, RFC 2765
  ['64:ff9b::/96', (v4) => [v4(12)]], // NAT64, RFC 6052
  ['2002::/16', (v4) => [v4(2)]], // 6to4, RFC 3056
  ['2001::/32', (v4) => [v4(4), v4(12, 0xff)]], // Teredo, RFC 4380: the server and the client
];

const matchesName = (pattern: string, host: string): boolean => {
  const wanted = pattern.toLowerCase();
  const name = host.toLowerCase();
  return wanted.startsWith('*.')
    ? name.endsWith(wanted.slice(1)) // no name begins with a dot, so at least one label precedes the suffix
    : name === wanted;
};
