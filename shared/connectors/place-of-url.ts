import type { Place } from '../network/dialer.ts';

/** Returns the host and port to dial for a URL. `secure` overrides the scheme when it selects the default port. */
export const placeOfUrl = ({ hostname, port, protocol }: URL, secure = protocol === 'https:'): Place => ({
  host: hostname.replace(/^\[(.*)\]$/, '$1'),
  port: Number(port || (secure ? 443 : 80)),
});
