import type { Place } from '../network/dialer.ts';

/** Where a URL is dialled; `secure` where the scheme alone does not decide. */
export const placeOfUrl = ({ hostname, port, protocol }: URL, secure = protocol === 'https:'): Place => ({
  host: hostname.replace(/^\[(.*)\]$/, '$1'),
  port: Number(port || (secure ? 443 : 80)),
});
