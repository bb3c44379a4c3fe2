import type { Connector } from '../../connectors/connector.ts';

type FieldPlaces = Pick<Connector, 'config' | 'connectionString' | 'misplaced'>;

/**
 * Finds out whether a value belongs in another field of the request. Returns what this field of `config` expects instead and where the
 * value belongs, or `undefined` if the value is acceptable.
 */
export const findMisplacement = (connector: FieldPlaces, name: string, value: string): string | undefined => {
  const own = connector.misplaced?.[name]?.(value);
  if (own !== undefined) return own;
  const host = name === 'host' || name === 'srv' || name === 'hosts';
  if (host) return findHostMisplacement(connector, name, value);
  if (isUrlLike(value) && !/_url$|^endpoint$/.test(name))
    return `the ${name.replaceAll('_', ' ')} alone: ${describeUrlPlace(connector)}`;
  return undefined;
};

const isUrlLike = (value: string): boolean => /^(jdbc:)?[a-z][a-z0-9+.-]{0,40}:\/\//i.test(value);

const describeUrlPlace = ({ connectionString }: FieldPlaces) =>
  connectionString ? 'a whole URL belongs in connection_string' : 'a URL is not accepted here';

const findHostMisplacement = (connector: FieldPlaces, field: string, value: string): string | undefined => {
  const fields = Object.keys(connector.config.entries);
  const hostAlone = field === 'hosts' ? 'a host name or host:port alone' : 'the host alone';
  const describePlace = (what: string, ...places: readonly string[]) => {
    const place = places.find((name) => fields.includes(name));
    return `${hostAlone}: ${what} ${place === undefined ? 'is not accepted here' : `belongs in config.${place}`}`;
  };
  if (/^https?:\/\//i.test(value)) return `${hostAlone}, without http:// or https://`;
  if (isUrlLike(value)) return `${hostAlone}: ${describeUrlPlace(connector)}`;
  if (/^(tcp|np|lpc|admin):\D/i.test(value)) return `${hostAlone}, without the prefix tcp:`;
  if (value.startsWith('/'))
    return 'a host name or an IP address: a Unix socket cannot be reached from Mooring';
  if (value.includes('@'))
    return `${describePlace('the user name', 'username')}, and a password in credentials`;
  if (value.includes('\\')) return describePlace('the part after the \\', 'instance');
  if (value.includes('/'))
    return describePlace('the part after the /', 'http_path', 'service_name', 'database');
  if (/^[^,]*,\s*\d{1,5}$/.test(value)) return describePlace('the port', 'port');
  if (/[,;]/.test(value)) return describePlace('a list of hosts', 'hosts');
  if (/^_[a-z-]+\._tcp\./i.test(value))
    return `${hostAlone}, without the prefix _service._tcp. of its DNS record`;
  if (field !== 'hosts' && hasHostPort(value))
    return field === 'srv'
      ? `${hostAlone}: the ports come from its DNS records`
      : describePlace('the port', 'port');
  if (/^["'`].*["'`]$/.test(value)) return `${hostAlone}, without quotation marks`;
  return /\s/.test(value) ? 'one host name or IP address, without spaces' : undefined;
};

/** An IPv6 address has more than one colon, and is in brackets if a port follows. */
const hasHostPort = (value: string): boolean => /^[^:]+:\d*$|^\[[^\]]*\]:\d*$/.test(value);
