import type { ApiAnswer, Api } from '../../api.ts';

export const path = '/api/v1/connection_profiles';

/** A valid profile. Nothing listens at its destination. */
export const buildProfileInput = (name = 'orders') => ({
  name,
  connector: 'postgres',
  config: {
    host: '127.0.0.1',
    port: 1,
    database: 'shop',
    username: 'reader',
    password: 'not-a-real-password',
  },
});

export interface Profile {
  readonly id: string;
  readonly name: string;
  readonly connector: string;
  readonly description?: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly created_at: string;
  readonly updated_at: string;
}

export const createProfile = (api: Api, body: unknown, headers: Readonly<Record<string, string>> = {}) =>
  api.call(`POST ${path}`, { body, headers });

export const testProfile = (api: Api, body: unknown) => api.call(`POST ${path}/test`, { body });

/** The profile in an answer. */
export const parseProfileAnswer = ({ body }: ApiAnswer) => body.data as unknown as Profile; // the tests check its fields

/** All profiles of a list. */
export const listProfiles = async (api: Api, query = '') =>
  (await api.call(`GET ${path}${query}`)).body.data as unknown as readonly Profile[]; // the tests check their fields

export interface Suggestion {
  readonly value: string;
  readonly label: string;
  readonly type: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}

export const toProfileSuggestions = ({ body }: ApiAnswer) =>
  (Object(body.data) as { readonly suggestions: readonly Suggestion[] }).suggestions; // the tests check their fields

interface Details {
  readonly reason?: string;
  readonly fields?: readonly { readonly field: string; readonly reason: string }[];
  readonly [other: string]: unknown;
}

export const toProfileError = ({ body }: ApiAnswer) =>
  body['error'] as { readonly code: string; readonly message: string; readonly details: Details }; // the tests check its fields

/** The status, the code and the invalid fields. */
export const summarizeProfileFailure = (answer: ApiAnswer) => {
  const { code, details } = toProfileError(answer);
  return [answer.status, code, ...(details.fields ?? []).map(({ field }) => field)];
};
