import type { Connector, SslMode } from '../connectors/connector.ts';
import { type Complaint, refusal } from '../parse.ts';
import type { StoredConnection } from './connection.ts';

interface Meant extends Pick<StoredConnection, 'config' | 'auth_method'> {
  readonly options: { readonly ssl_mode: SslMode };
}

/**
 * Throws `invalid-request` if fields contradict each other. `written` is the `ssl_mode` of this request: a mode that is only a default
 * contradicts nothing.
 */
export const checkTogether = (connector: Connector, meant: Meant, written: SslMode | undefined): void => {
  const complaints = contradictionsOf(connector, meant, written);
  if (complaints.length > 0) throw refusal(complaints);
};

/** Does the same for an update, but accepts contradictions that an earlier release has stored. */
export const checkChange = (connector: Connector, before: Meant, after: Meant): void => {
  const mode = after.options.ssl_mode;
  const known = contradictionsOf(connector, before, undefined).map(tell);
  const complaints = contradictionsOf(
    connector,
    after,
    mode === before.options.ssl_mode ? undefined : mode,
  ).filter((complaint) => !known.includes(tell(complaint)));
  if (complaints.length > 0) throw refusal(complaints);
};

const tell = ({ path, expected }: Complaint) => `${path} ${expected}`;

const contradictionsOf = (
  { contradictions }: Connector,
  { config, auth_method, options: { ssl_mode } }: Meant,
  written: SslMode | undefined,
): readonly Complaint[] => {
  // `disable` is never a default, so a caller must have set it.
  const mode = ssl_mode === 'disable' ? ssl_mode : written;
  return [
    ...(auth_method === 'certificate' && mode === 'disable'
      ? [
          {
            path: 'options.ssl_mode',
            expected: 'another mode than disable: credentials.auth_method certificate is a part of TLS',
          },
        ]
      : []),
    ...(contradictions?.({ config, auth_method, ssl_mode: mode }) ?? []),
  ];
};
