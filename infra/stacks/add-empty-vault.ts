import { CustomResource } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { addFunction, type FunctionSource } from './add-function.ts';
import type { FunctionPlan } from './plan-functions.ts';
import { type GrantResources, buildGrants } from './grants.ts';
import { buildResourceNames } from './resource-names.ts';

/**
 * Deletes the secrets together with the stacks if the deployment does not retain its data. The functions create the secrets, so
 * CloudFormation does not know them. They would cost money although their key is deleted and nothing can read them.
 */
export const addEmptyVault = (
  scope: Construct,
  plan: FunctionPlan,
  source: FunctionSource,
  resources: GrantResources,
): CustomResource => {
  const names = buildResourceNames(source.deployment.name);
  const vaultEmptier = addFunction(scope, plan, source, {
    memorySize: 256,
    environment: {
      TABLE_NAME: names.table,
      SECRET_PREFIX: names.secrets,
      SECRET_KEY_ID: resources.secretsKey,
      MAC_KEY_ID: resources.macKey,
    },
    grants: buildGrants(plan, resources),
  });
  return new CustomResource(scope, 'Secrets', {
    serviceToken: vaultEmptier.functionArn,
    resourceType: 'Custom::MooringSecrets',
  });
};
