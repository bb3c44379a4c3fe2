import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { Vault } from '../../../ports/vault.ts';
import { parseJsonObject } from '../../secret-document.ts';
import { createNotSharedProblem, parseSharedSecretName } from '../../shared-secret.ts';
import { callAws } from '../aws-fault.ts';
import { createNotSharedOutcomes } from './secrets-vault-rules.ts';

/** The part of the vault that reads secrets of customers (platform mode). `prefix` begins the names of Mooring's own. */
export const createSharedSecrets = (
  secrets: SecretsManagerClient,
  prefix: string,
): Pick<Vault, 'tags' | 'readShared' | 'readSharedVersion'> => {
  const describe = async (arn: string) => {
    parseSharedSecretName(arn, prefix);
    const secret = await callAws(
      'Secrets Manager',
      secrets.send(new DescribeSecretCommand({ SecretId: arn })),
      createNotSharedOutcomes(() => undefined),
    );
    return secret && !secret.DeletedDate ? secret : undefined;
  };

  return {
    tags: async (arn) => {
      const secret = await describe(arn);
      return (
        secret && Object.fromEntries((secret.Tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value]))
      );
    },

    readShared: async (arn) => {
      parseSharedSecretName(arn, prefix);
      const { SecretString, VersionId: version } = await callAws(
        'Secrets Manager',
        secrets.send(new GetSecretValueCommand({ SecretId: arn })),
        createNotSharedOutcomes(() => {
          throw createNotSharedProblem();
        }),
      );
      const value = parseJsonObject(SecretString);
      if (!value || version === undefined) throw createNotSharedProblem();
      return { version, value };
    },

    readSharedVersion: async (arn) => {
      const stages = (await describe(arn))?.VersionIdsToStages ?? {};
      const [version] = Object.entries(stages).find(([, labels]) => labels.includes('AWSCURRENT')) ?? [];
      if (version === undefined) throw createNotSharedProblem();
      return version;
    },
  };
};
