import type { SslMode } from '../connector.ts';

/** `http:` says that the server offers no TLS; whether that will do, the mode says. */
export const isSecure = ({ protocol }: URL, mode: SslMode): boolean =>
  mode !== 'disable' && (mode !== 'prefer' || protocol === 'https:');

/** https://docs.aws.amazon.com/general/latest/gr/s3.html */
export const domainOf = (region: string): string =>
  `${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
