import { Stack, Validations } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';

/** A statement of a role's policy, with a reason if it uses wildcards. */
export interface PolicyGrant {
  readonly statement: PolicyStatement;
  readonly why?: string;
}

export type PolicyConditions = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

export const createGrant = (
  actions: readonly string[],
  resources: readonly string[],
  { conditions = {}, why }: { readonly conditions?: PolicyConditions; readonly why?: string } = {},
): PolicyGrant => ({
  statement: new PolicyStatement({ actions: [...actions], resources: [...resources], conditions }),
  ...(why !== undefined && { why }),
});

/** Accepts a finding of cdk-nag and records the reason. */
export const acceptFinding = (scope: IConstruct, reason: string, ...ids: readonly string[]): void => {
  Validations.of(scope).acknowledge(...ids.map((id) => ({ id: `AwsSolutions::AwsSolutions-${id}`, reason })));
};

/** Accepts the wildcards of each grant that gives a reason. All others remain findings. */
export const acceptWildcards = (scope: IConstruct, grants: readonly PolicyGrant[]): void => {
  for (const { statement, why } of grants) {
    const wildcards = statement.resources
      .map((resource) => renderResource(Stack.of(scope).resolve(resource)))
      .filter(hasWildcard);
    if (why !== undefined)
      acceptFinding(scope, why, ...wildcards.map((resource) => `IAM5[Resource::${resource}]`));
  }
};

const hasWildcard = (resource: string) => resource.includes('*');

/** Renders values that are only known at deployment in the way cdk-nag does. */
const renderResource = (value: unknown): string => {
  if (typeof value === 'string') return value;
  const [[name, argument] = ['', undefined]] = Object.entries(value as object); // an intrinsic function: an object with one key
  if (name === 'Fn::Join') return (argument as [string, unknown[]])[1].map(renderResource).join('');
  return `<${Array.isArray(argument) ? argument.join('.') : String(argument)}>`;
};
