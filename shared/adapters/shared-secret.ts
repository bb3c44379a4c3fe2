import { Problem } from '../problem.ts';

/** The name in the ARN of a shared secret (platform mode). Refuses secrets of this deployment and anything that is not such an ARN. */
export const parseSharedSecretName = (arn: string, prefix: string): string => {
  const name = sharedArnPattern.exec(arn)?.[1];
  if (name === undefined || name === prefix || name.startsWith(`${prefix}/`)) throw createNotSharedProblem();
  return name;
};

export const createNotSharedProblem = () => new Problem('secret-not-shared');

/** https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_iam-permissions.html: the local vault uses the region `local`. */
const sharedArnPattern =
  /^arn:aws[a-z-]{0,20}:secretsmanager:[a-z0-9-]{1,30}:\d{12}:secret:([\w/+=.@-]{1,520})$/;
