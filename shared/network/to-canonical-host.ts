import { isIPv6 } from 'node:net';

/**
 * Returns the one spelling of a host: lower case, punycode, no final dot, IP literals as WHATWG spells them (`0x7f.1` becomes `127.0.0.1`).
 * Returns `undefined` if the text cannot be a host. https://url.spec.whatwg.org/#concept-host-parser
 */
export const toCanonicalHost = (host: string): string | undefined => {
  const inner = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : undefined;
  const bare = inner ?? host;
  if (isIPv6(bare)) return bare.includes('%') ? undefined : parseHostname(`[${bare}]`)?.slice(1, -1);
  // Other characters cannot be part of a host: URL would decode or drop them, or read them as a port, a path or a user name.
  if (inner !== undefined || !/^[\p{L}\p{M}\p{N}._-]+$/u.test(bare)) return undefined;
  const name = parseHostname(bare)?.replace(/\.$/, '');
  const fits =
    name !== undefined && name.length <= 253 && name.split('.').every((label) => label && label.length <= 63);
  return fits ? name : undefined;
};

const parseHostname = (host: string): string | undefined => URL.parse(`http://${host}/`)?.hostname;
