import { createHash } from 'node:crypto';
import { type Connector, type SslMode, sslModes, type StrengthOrder } from '../../connectors/connector.ts';
import { toHostPort } from '../../connectors/input/to-host-port.ts';
import type { Destination, StoredConnection } from '../connections/connection.ts';

/** The settings that decide where secrets are sent and how. `login` holds the credential fields that decide how they log in. */
export interface DestinationSettings extends Pick<StoredConnection, 'config' | 'options' | 'ssl'> {
  readonly login: Readonly<Record<string, string>> & { readonly auth_method: string };
}

/** Everything that decides who receives the credentials and how they are sent. An update of any of it requires the credentials again. */
export const describeDestination = (
  connector: Connector,
  { config, options, ssl, login }: DestinationSettings,
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
  ...(ssl.ca !== null && { ca_sha256: toSha256Hex(ssl.ca) }),
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
export const isWithinDestination = ({ strength }: Connector, bound: Destination, now: Destination): boolean =>
  [...new Set([...Object.keys(bound), ...Object.keys(now)])].every((field) =>
    field === 'ssl_mode'
      ? isAsStrongTls(now.ssl_mode, bound.ssl_mode)
      : isNoWeakerField(strength[field] ?? 'exact', bound[field], now[field]),
  );

export const isAsStrongTls = (mode: SslMode, than: SslMode): boolean =>
  sslModes.indexOf(mode) >= sslModes.indexOf(than);

const isNoWeakerField = (
  strength: StrengthOrder,
  before: string | undefined,
  now: string | undefined,
): boolean => {
  if (before === now) return true;
  if (strength === 'exact') return false;
  if (strength === 'url') return isSameDestinationUrl(before ?? '', now ?? '');
  return strength.some((chain) => {
    const from = chain.indexOf(before ?? '');
    return from >= 0 && chain.indexOf(now ?? '', from) > from;
  });
};

/** Whether host, port, path and query are equal, and `https` did not become `http`. */
const isSameDestinationUrl = (before: string, now: string): boolean => {
  const [one, other] = [URL.parse(before), URL.parse(now)];
  if (!one || !other || (one.protocol === 'https:' && other.protocol !== 'https:')) return false;
  const [from, to] = [toHostPort(one), toHostPort(other)];
  return (
    from.host === to.host &&
    from.port === to.port &&
    one.pathname.replace(/\/$/, '') === other.pathname.replace(/\/$/, '') &&
    one.search === other.search
  );
};

export const toSha256Hex = (text: string) => createHash('sha256').update(text).digest('hex');
