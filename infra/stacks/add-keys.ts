import type { RemovalPolicy } from 'aws-cdk-lib';
import { Key, KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';

interface KeyOptions {
  /** The name of the deployment. */
  readonly name: string;
  readonly removalPolicy: RemovalPolicy;
}

/** Adds the keys of the table, of the secrets, and of what is derived for tenants and webhooks. */
export const addKeys = (scope: Construct, { name, removalPolicy }: KeyOptions) => {
  const tableKey = new Key(scope, 'TableKey', {
    description: `${name}: the table`,
    enableKeyRotation: true,
    removalPolicy,
  });
  const secretsKey = new Key(scope, 'SecretsKey', {
    description: `${name}: the secrets`,
    enableKeyRotation: true,
    removalPolicy,
  });
  // KMS does not rotate HMAC keys, and every fingerprint depends on this one.
  const macKey = new Key(scope, 'MacKey', {
    description: `${name}: tenants' keys are derived from it`,
    keySpec: KeySpec.HMAC_256,
    keyUsage: KeyUsage.GENERATE_VERIFY_MAC,
    removalPolicy,
  });

  // A key of its own: the functions that sign webhooks must not derive the tenants' keys.
  const webhookKey = new Key(scope, 'WebhookKey', {
    description: `${name}: the secrets of webhooks are derived from it`,
    keySpec: KeySpec.HMAC_256,
    keyUsage: KeyUsage.GENERATE_VERIFY_MAC,
    removalPolicy,
  });
  return { tableKey, secretsKey, macKey, webhookKey };
};
