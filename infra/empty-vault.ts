import { CustomResource } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { addFunction, type Making } from './add-function.ts';
import type { FunctionPlan } from './functions.ts';
import { type Places, grantsFor } from './grants.ts';
import { namesOf } from './names.ts';

/**
 * Deletes the secrets together with the stacks if the deployment does not retain its data. The functions create the secrets, so
 * CloudFormation does not know them. They would cost money although their key is deleted and nothing can read them.
 */
export const addEmptyVault = (
  scope: Construct,
  plan: FunctionPlan,
  making: Making,
  places: Places,
): CustomResource => {
  const names = namesOf(making.deployment.name);
  const emptier = addFunction(scope, plan, making, {
    memorySize: 256,
    environment: {
      TABLE_NAME: names.table,
      SECRET_PREFIX: names.secrets,
      SECRET_KEY_ID: places.secretsKey,
      MAC_KEY_ID: places.macKey,
    },
    grants: grantsFor(plan, places),
  });
  return new CustomResource(scope, 'Secrets', {
    serviceToken: emptier.functionArn,
    resourceType: 'Custom::MooringSecrets',
  });
};
