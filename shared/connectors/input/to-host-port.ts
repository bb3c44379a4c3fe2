import type { HostPort } from '../../network/dialer.ts';

/** Returns the host and port to dial for a URL. `secure` overrides the scheme when it selects the default port. */
export const toHostPort = ({ hostname, port, protocol }: URL, secure = protocol === 'https:'): HostPort => ({
  host: hostname.replace(/^\[(.*)\]$/, '$1'),
  port: Number(port || (secure ? 443 : 80)),
});
