import { isIPv6 } from 'node:net';

/**
 * One spelling for each host: lower case, punycode, no final dot, literals as WHATWG spells them (`0x7f.1` is `127.0.0.1`).
 * `undefined` when it cannot be a host. https://url.spec.whatwg.org/#concept-host-parser
 */
export const canonicalHost = (host: string): string | undefined => {
  const inner = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : undefined;
  const bare = inner ?? host;
  if (isIPv6(bare)) return bare.includes('%') ? undefined : hostnameOf(`[${bare}]`)?.slice(1, -1);
  // Whatever else URL would decode, drop or take for a port, a path or a user name is no host.
  if (inner !== undefined || !/^[\p{L}\p{M}\p{N}._-]+$/u.test(bare)) return undefined;
  const name = hostnameOf(bare)?.replace(/\.$/, '');
  const fits =
    name !== undefined && name.length <= 253 && name.split('.').every((label) => label && label.length <= 63);
  return fits ? name : undefined;
};

const hostnameOf = (host: string): string | undefined => URL.parse(`http://${host}/`)?.hostname;
