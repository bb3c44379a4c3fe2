import type { ApiAnswer, Api } from '../../api.ts';

/** A valid body. Nothing listens at its destination. */
export const buildRegistrationInput = (more: object = {}) => ({
  name: 'Orders',
  db_type: 'postgresql',
  connection_string: 'postgresql://reader:not-a-real-password@127.0.0.1:1/shop',
  ...more,
});

export const register = (api: Api, more: object = {}) =>
  api.call('POST /api/v1/connections', { body: buildRegistrationInput(more) });

/** The `data` of the envelope. */
export const toRegistrationData = ({ body }: ApiAnswer) =>
  Object(body.data) as Readonly<Record<string, unknown>>;

/** The names of a list, in its order. */
export const toRegistrationNames = ({ body }: ApiAnswer) => body.data.map(({ name }) => name);

/** Status and code of a failure in the envelope. */
export const summarizeRegistrationFailure = ({ status, body }: ApiAnswer) => [
  status,
  Object(body['error'])['code'],
];

/** The status, and the path and type of each error of a 422, without the messages. */
export const summarizeValidationErrors = ({ status, body }: ApiAnswer) => [
  status,
  ...(body['detail'] as readonly { loc: readonly unknown[]; type: string }[]).map(
    ({ loc, type }) => `${loc.join('.')} ${type}`,
  ),
];
