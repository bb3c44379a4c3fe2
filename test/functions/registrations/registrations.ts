import type { Answered, Api } from '../../api.ts';

/** A body that is right in itself; nothing listens where it points. */
export const registration = (more: object = {}) => ({
  name: 'Orders',
  db_type: 'postgresql',
  connection_string: 'postgresql://reader:not-a-real-password@127.0.0.1:1/shop',
  ...more,
});

export const register = (api: Api, more: object = {}) =>
  api.call('POST /api/v1/connections', { body: registration(more) });

/** What the envelope holds. */
export const dataOf = ({ body }: Answered) => Object(body.data) as Readonly<Record<string, unknown>>;

/** The names of a list, in its order. */
export const namesOf = ({ body }: Answered) => body.data.map(({ name }) => name);

/** Status and code of a failure in the envelope. */
export const failed = ({ status, body }: Answered) => [status, Object(body['error'])['code']];

/** What a 422 complains of, without the words. */
export const complaints = ({ status, body }: Answered) => [
  status,
  ...(body['detail'] as readonly { loc: readonly unknown[]; type: string }[]).map(
    ({ loc, type }) => `${loc.join('.')} ${type}`,
  ),
];
