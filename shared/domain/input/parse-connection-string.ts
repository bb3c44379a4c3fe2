import type { Connector, ConnectionStringParts } from '../../connectors/connector.ts';
import { hasPlaceholderPart } from '../../connectors/input/placeholders.ts';
import { createFieldProblem } from '../../parse-input.ts';
import { unseenPattern } from './unseen-characters.ts';

/**
 * Parses a connection string; all connectors' parsers are called from here. Trims white space, and rejects control characters and invisible
 * characters first, because URL parsers would remove them silently.
 */
export const parseConnectionString = async (
  { connectionString }: Pick<Connector, 'connectionString'>,
  given: string,
): Promise<ConnectionStringParts> => {
  const text = given.trim();
  if (unseenPattern.test(text)) throw createStringProblem(ONE_LINE_EXPECTED);
  const scheme = /^((?:jdbc:)?[a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (!connectionString || !scheme || !connectionString.schemes.includes(scheme)) {
    const expected = connectionString
      ? `a URL that begins with ${connectionString.schemes.map((known) => `${known}://`).join(' or ')}`
      : 'no connection string, because this connector does not support it';
    throw createStringProblem(expected);
  }
  if (hasPlaceholderPart(text))
    throw createStringProblem('your own values: a part in brackets looks like a placeholder');
  return connectionString.parse(text);
};

const createStringProblem = (expected: string) =>
  createFieldProblem([{ path: 'connection_string', expected }]);

const ONE_LINE_EXPECTED =
  'one line without control characters and invisible characters. Percent-encode them if a password has them';
