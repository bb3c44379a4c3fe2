import type { Connector, SslMode } from '../../connectors/connector.ts';
import { type FieldError, createFieldProblem } from '../../parse-input.ts';
import type { StoredConnection } from '../connections/connection.ts';

interface CombinedSettings extends Pick<StoredConnection, 'config' | 'auth_method'> {
  readonly options: { readonly ssl_mode: SslMode };
}

/**
 * Throws `invalid-request` if fields contradict each other. `written` is the `ssl_mode` of this request: a mode that is only a default
 * contradicts nothing.
 */
export const checkContradictions = (
  connector: Connector,
  settings: CombinedSettings,
  written: SslMode | undefined,
): void => {
  const complaints = findContradictions(connector, settings, written);
  if (complaints.length > 0) throw createFieldProblem(complaints);
};

/** Does the same for an update, but accepts contradictions that an earlier release has stored. */
export const checkUpdateContradictions = (
  connector: Connector,
  before: CombinedSettings,
  after: CombinedSettings,
): void => {
  const mode = after.options.ssl_mode;
  const known = findContradictions(connector, before, undefined).map(toFieldErrorText);
  const complaints = findContradictions(
    connector,
    after,
    mode === before.options.ssl_mode ? undefined : mode,
  ).filter((complaint) => !known.includes(toFieldErrorText(complaint)));
  if (complaints.length > 0) throw createFieldProblem(complaints);
};

const toFieldErrorText = ({ path, expected }: FieldError) => `${path} ${expected}`;

const findContradictions = (
  { contradictions }: Connector,
  { config, auth_method, options: { ssl_mode } }: CombinedSettings,
  written: SslMode | undefined,
): readonly FieldError[] => {
  // `disable` is never a default, so a caller must have set it.
  const mode = ssl_mode === 'disable' ? ssl_mode : written;
  return [
    ...(auth_method === 'certificate' && mode === 'disable'
      ? [
          {
            path: 'options.ssl_mode',
            expected: 'a mode other than disable, because credentials.auth_method certificate needs TLS',
          },
        ]
      : []),
    ...(contradictions?.({ config, auth_method, ssl_mode: mode }) ?? []),
  ];
};
