import { createHash } from 'node:crypto';
import { type Connector, type SslMode, sslModes, type Strength } from '../connectors/connector.ts';
import { placeOfUrl } from '../connectors/place-of-url.ts';
import type { Destination, StoredConnection } from './connection.ts';

/** The settings that decide where secrets are sent and how. `login` holds the credential fields that decide how they log in. */
export interface Sending extends Pick<StoredConnection, 'config' | 'options' | 'ssl'> {
  readonly login: Readonly<Record<string, string>> & { readonly auth_method: string };
}

/** Everything that decides who receives the credentials and how they are sent. An update of any of it requires the credentials again. */
export const describeDestination = (
  connector: Connector,
  { config, options, ssl, login }: Sending,
): Destination => ({
  ...describeLogin(connector, login),
  ...Object.fromEntries(
    connector.destination
      .filter((field) => config[field] !== undefined && config[field] !== null)
      .map((field) => [
        field,
        typeof config[field] === 'string' ? config[field] : JSON.stringify(config[field]),
      ]),
  ),
  ...(ssl.ca !== null && { ca_sha256: sha256(ssl.ca) }),
  ssl_mode: options.ssl_mode,
});

/** The credential fields that decide how the credentials are sent. */
export const describeLogin = (
  { strength, destination }: Connector,
  login: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.keys(strength).flatMap((field) => {
      const value = destination.includes(field) ? undefined : login[field];
      return value === undefined ? [] : [[field, value]];
    }),
  );

/** Whether `now` is the destination `bound`, and no less secure. */
export const isWithin = ({ strength }: Connector, bound: Destination, now: Destination): boolean =>
  [...new Set([...Object.keys(bound), ...Object.keys(now)])].every((field) =>
    field === 'ssl_mode'
      ? isAsStrong(now.ssl_mode, bound.ssl_mode)
      : isNoWeaker(strength[field] ?? 'exact', bound[field], now[field]),
  );

export const isAsStrong = (mode: SslMode, than: SslMode): boolean =>
  sslModes.indexOf(mode) >= sslModes.indexOf(than);

const isNoWeaker = (strength: Strength, before: string | undefined, now: string | undefined): boolean => {
  if (before === now) return true;
  if (strength === 'exact') return false;
  if (strength === 'url') return isSameUrl(before ?? '', now ?? '');
  return strength.some((chain) => {
    const from = chain.indexOf(before ?? '');
    return from >= 0 && chain.indexOf(now ?? '', from) > from;
  });
};

/** Whether host, port, path and query are equal, and `https` did not become `http`. */
const isSameUrl = (before: string, now: string): boolean => {
  const [one, other] = [URL.parse(before), URL.parse(now)];
  if (!one || !other || (one.protocol === 'https:' && other.protocol !== 'https:')) return false;
  const [from, to] = [placeOfUrl(one), placeOfUrl(other)];
  return (
    from.host === to.host &&
    from.port === to.port &&
    one.pathname.replace(/\/$/, '') === other.pathname.replace(/\/$/, '') &&
    one.search === other.search
  );
};

export const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
