import type { SslMode } from '../connector.ts';

/** Whether requests use TLS. Only the mode `prefer` follows the scheme of the URL; stricter modes use TLS for `http:` too. */
export const isTlsEndpoint = ({ protocol }: URL, mode: SslMode): boolean =>
  mode !== 'disable' && (mode !== 'prefer' || protocol === 'https:');

/** https://docs.aws.amazon.com/general/latest/gr/s3.html */
export const toAwsDomain = (region: string): string =>
  `${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
