import { isIP } from 'node:net';
import * as v from 'valibot';
import { createEgressCheck, EgressAllowList, type EgressPolicy } from './egress.ts';
import { toCanonicalHost } from './to-canonical-host.ts';

/** The section `webhooks` of the egress policy: of public addresses and port 443, those that `allow` lists. */
export const WebhookEgress = v.strictObject({
  /** For `npm start` and tests only. Permits loopback addresses, any port there, and plain HTTP to them. */
  loopback: v.exactOptional(v.boolean()),
  allow: v.exactOptional(EgressAllowList),
});

/**
 * The policy for dialling webhooks. Callers choose their URLs, so it permits public addresses only, whatever sources the deployment may
 * dial. `deny` keeps its meaning.
 */
export const buildWebhookPolicy = ({ deny = [], webhooks = {} }: EgressPolicy): EgressPolicy => {
  const { loopback, allow } = v.parse(WebhookEgress, webhooks);
  return {
    ...(loopback === true && { loopback }),
    ...(allow && { allow }),
    deny: [...deny, ...nonPublicRanges],
  };
};

/** The policy for one URL: plain HTTP goes to loopback addresses only. */
export const narrowWebhookPolicy = (
  policy: EgressPolicy,
  { protocol }: Pick<URL, 'protocol'>,
): EgressPolicy => (protocol === 'http:' ? { ...policy, allow: ['127.0.0.0/8', '::1'] } : policy);

/** Parses the URL of a webhook. Returns what is expected of a URL if this one is not permitted. */
export const parseWebhookUrl = (text: string, policy: EgressPolicy): URL | { readonly expected: string } => {
  // `URL` would remove some of these characters.
  const url = /^[^\s\p{C}\\]+$/u.test(text) ? URL.parse(text) : null;
  const host = url && toCanonicalHost(url.hostname);
  if (!url || host === null || host === undefined || !/^https?:$/.test(url.protocol)) return absoluteUrl;
  if (url.username !== '' || url.password !== '')
    return { expected: 'a URL without a user name and password' };
  if (url.hash !== '' || text.includes('#')) return { expected: 'a URL without a fragment' };
  const isLocal = host === 'localhost' || isLoopbackAddress(host);
  const isOpen = policy.loopback === true && isLocal;
  if (url.protocol === 'http:' && !isOpen) return absoluteUrl;
  if (url.port !== '' && !isOpen) return { expected: 'a URL without a port: webhooks are sent to port 443' };
  const port = Number(url.port) || (url.protocol === 'http:' ? 80 : 443);
  const isPermitted = createEgressCheck(narrowWebhookPolicy(policy, url), '');
  if ((isIP(host) && !isPermitted(host, host, port)) || (host === 'localhost' && !isOpen))
    return { expected: 'a URL with a public host that the egress policy allows' };
  return url;
};

const absoluteUrl = { expected: 'an absolute https URL' };

const isLoopbackAddress = (host: string): boolean =>
  isIP(host) !== 0 &&
  createEgressCheck({ loopback: true, allow: ['127.0.0.0/8', '::1'] }, '')(host, host, 443);

/**
 * Addresses that are not public, besides those that are never dialled.
 * https://www.iana.org/assignments/iana-ipv4-special-registry and https://www.iana.org/assignments/iana-ipv6-special-registry
 */
const nonPublicRanges = [
  '10.0.0.0/8',
  '100.64.0.0/10', // shared between customers of a provider
  '172.16.0.0/12',
  '192.0.2.0/24', // documentation
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15', // benchmarks
  '198.51.100.0/24', // documentation
  '203.0.113.0/24', // documentation
  '100::/64', // discarded
  '2001:2::/48', // benchmarks
  '2001:db8::/32', // documentation
  '3fff::/20', // documentation
  '5f00::/16', // segment routing
  'fc00::/7', // unique local
] as const;
