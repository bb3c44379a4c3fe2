import type { ReceivedRequest, Service } from './http.ts';

const json = (status: number, body: object) => ({ status, body: JSON.stringify(body) });

/** Confluent's schema registry without any schema. */
export const schemaRegistry: Service = { answer: () => ({ status: 200, body: '[]' }) };

/** S3 and AWS STS, which refuse every request. */
export const s3: Service = {
  answer: () => ({
    status: 403,
    body: '<Error><Code>InvalidAccessKeyId</Code><Message>no</Message></Error>',
  }),
};

export const redshiftApi: Service = {
  answer: ({ headers }: ReceivedRequest) =>
    headers['x-amz-target'] === undefined
      ? { status: 403, body: '<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>' }
      : json(400, { __type: 'AccessDeniedException' }),
};

export const snowflake: Service = {
  answer: () => json(200, { success: false, code: '390100', message: 'no', data: null }),
  accountIn: ({ body }) => /"ACCOUNT_NAME":\s*"([^"]+)"/.exec(body)?.[1]?.toUpperCase(),
};

export const bigquery: Service = {
  answer: ({ path }) => (path === '/token' ? json(400, { error: 'invalid_grant' }) : json(401, {})),
};

export const databricks: Service = {
  answer: () => json(401, { error_code: 'UNAUTHENTICATED', message: 'no' }),
  accountIn: ({ path }) => (path.startsWith('/oidc/') ? undefined : path.replace(/^\//, '')),
};
