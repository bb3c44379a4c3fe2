import { Stack, Validations } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';

/** A statement of a role's policy, with a reason if it uses wildcards. */
export interface Grant {
  readonly statement: PolicyStatement;
  readonly why?: string;
}

export type Conditions = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

export const allow = (
  actions: readonly string[],
  resources: readonly string[],
  { conditions = {}, why }: { readonly conditions?: Conditions; readonly why?: string } = {},
): Grant => ({
  statement: new PolicyStatement({ actions: [...actions], resources: [...resources], conditions }),
  ...(why !== undefined && { why }),
});

/** Accepts a finding of cdk-nag and records the reason. */
export const accept = (scope: IConstruct, reason: string, ...ids: readonly string[]): void => {
  Validations.of(scope).acknowledge(...ids.map((id) => ({ id: `AwsSolutions::AwsSolutions-${id}`, reason })));
};

/** Accepts the wildcards of each grant that gives a reason. All others remain findings. */
export const acceptWildcards = (scope: IConstruct, grants: readonly Grant[]): void => {
  for (const { statement, why } of grants) {
    const wide = statement.resources
      .map((resource) => spelled(Stack.of(scope).resolve(resource)))
      .filter(isWide);
    if (why !== undefined) accept(scope, why, ...wide.map((resource) => `IAM5[Resource::${resource}]`));
  }
};

const isWide = (resource: string) => resource.includes('*');

/** Renders values that are only known at deployment in the way cdk-nag does. */
const spelled = (value: unknown): string => {
  if (typeof value === 'string') return value;
  const [[name, of] = ['', undefined]] = Object.entries(value as object); // an intrinsic function: an object with one key
  if (name === 'Fn::Join') return (of as [string, unknown[]])[1].map(spelled).join('');
  return `<${Array.isArray(of) ? of.join('.') : String(of)}>`;
};
