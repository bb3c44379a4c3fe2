import type { Connector, ConnectionStringParts } from '../connectors/connector.ts';
import { asksForYours } from '../connectors/placeholders.ts';
import { refusal } from '../parse.ts';
import { unseen } from './unseen.ts';

/**
 * Parses a connection string; all connectors' parsers are called from here. Trims white space, and rejects control characters and invisible
 * characters first, because URL parsers would remove them silently.
 */
export const readConnectionString = async (
  { connectionString }: Pick<Connector, 'connectionString'>,
  given: string,
): Promise<ConnectionStringParts> => {
  const text = given.trim();
  if (unseen.test(text)) throw refuseString(oneLine);
  const scheme = /^((?:jdbc:)?[a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (!connectionString || !scheme || !connectionString.schemes.includes(scheme)) {
    const expected = connectionString
      ? `a URL that begins with ${connectionString.schemes.map((known) => `${known}://`).join(' or ')}`
      : 'no connection string: this connector has none';
    throw refuseString(expected);
  }
  if (asksForYours(text))
    throw refuseString('your own values: a part in brackets looks like a placeholder from documentation');
  return connectionString.parse(text);
};

const refuseString = (expected: string) => refusal([{ path: 'connection_string', expected }]);

const oneLine =
  'one line, without control characters and characters that cannot be seen: what a password needs of them is percent-encoded';
