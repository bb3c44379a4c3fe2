import { http, type Service } from '../http.ts';
import type { StandIn } from '../stand-in.ts';

/** S3 and AWS STS, which refuse every request. */
const refusing: Service = {
  answer: () => ({
    status: 403,
    body: '<Error><Code>InvalidAccessKeyId</Code><Message>no</Message></Error>',
  }),
};

const token = 'obviously-fake-token-of-a-service';

/** Issues credentials for a role. */
const issuing: Service = {
  answer: (asked) =>
    asked.body.includes('AssumeRole')
      ? {
          status: 200,
          body: `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>fake</AccessKeyId><SecretAccessKey>${token}-key</SecretAccessKey><SessionToken>${token}</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
        }
      : refusing.answer(asked),
};

export const standIn: StandIn = {
  own: http(refusing),
  receives: [
    { tls: 'trusted', asks: 'clear', secrets: { secret_access_key: 'proof', session_token: 'clear' } },
    {
      tls: 'trusted',
      asks: 'clear',
      secrets: { secret_access_key: 'proof' },
      fields: { role_arn: 'arn:aws:iam::123456789012:role/reader' },
    },
  ],
  obtains: [{ method: 'role', server: http(issuing), secret: new RegExp(`^${token}(-key)?$`) }],
};
