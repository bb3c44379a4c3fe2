import type { Connector } from '../connectors/connector.ts';

type Knows = Pick<Connector, 'config' | 'connectionString' | 'misplaced'>;

/**
 * Finds out whether a value belongs in another field of the request. Returns what this field of `config` expects instead and where the
 * value belongs, or `undefined` if the value is acceptable.
 */
export const expectInPlace = (connector: Knows, name: string, value: string): string | undefined => {
  const own = connector.misplaced?.[name]?.(value);
  if (own !== undefined) return own;
  const host = name === 'host' || name === 'srv' || name === 'hosts';
  if (host) return expectHost(connector, name, value);
  if (isUrl(value) && !/_url$|^endpoint$/.test(name))
    return `the ${name.replaceAll('_', ' ')} alone: ${urlsBelong(connector)}`;
  return undefined;
};

const isUrl = (value: string): boolean => /^(jdbc:)?[a-z][a-z0-9+.-]{0,40}:\/\//i.test(value);

const urlsBelong = ({ connectionString }: Knows) =>
  connectionString ? 'a whole URL belongs in connection_string' : 'a URL has no place here';

const expectHost = (connector: Knows, field: string, value: string): string | undefined => {
  const fields = Object.keys(connector.config.entries);
  const alone = field === 'hosts' ? 'a host name or host:port alone' : 'the host alone';
  const belongs = (what: string, ...places: readonly string[]) => {
    const place = places.find((name) => fields.includes(name));
    return `${alone}: ${what} ${place === undefined ? 'has no place in it' : `belongs in config.${place}`}`;
  };
  if (/^https?:\/\//i.test(value)) return `${alone}, without http:// or https://`;
  if (isUrl(value)) return `${alone}: ${urlsBelong(connector)}`;
  if (/^(tcp|np|lpc|admin):\D/i.test(value)) return `${alone}, without tcp: before it`;
  if (value.startsWith('/'))
    return 'a host name or an IP address: a socket is reached on its own machine alone';
  if (value.includes('@')) return `${belongs('the user name', 'username')}, a password in credentials`;
  if (value.includes('\\')) return belongs('what stands behind the \\', 'instance');
  if (value.includes('/'))
    return belongs('what stands behind the /', 'http_path', 'service_name', 'database');
  if (/^[^,]*,\s*\d{1,5}$/.test(value)) return belongs('the port', 'port');
  if (/[,;]/.test(value)) return belongs('a list of several', 'hosts');
  if (/^_[a-z-]+\._tcp\./i.test(value)) return `${alone}, without the _service._tcp. of its record in DNS`;
  if (field !== 'hosts' && hasPort(value))
    return field === 'srv' ? `${alone}: the ports are in its records in DNS` : belongs('the port', 'port');
  if (/^["'`].*["'`]$/.test(value)) return `${alone}, without quotation marks`;
  return /\s/.test(value) ? 'one host name or IP address, without blanks' : undefined;
};

/** An IPv6 address has more than one colon, and is in brackets if a port follows. */
const hasPort = (value: string): boolean => /^[^:]+:\d*$|^\[[^\]]*\]:\d*$/.test(value);
