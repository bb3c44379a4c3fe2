export interface Template {
  readonly Resources: Readonly<Record<string, { readonly Type: string; readonly Properties?: Properties }>>;
}

type Properties = Readonly<Record<string, unknown>>;

interface FunctionResource extends Properties {
  readonly FunctionName: string;
  readonly Handler: string;
  readonly Runtime: string;
  readonly Architectures: readonly string[];
  readonly Timeout: number;
  readonly Role: unknown;
  readonly Environment?: { readonly Variables: Properties };
  readonly LoggingConfig?: object;
}

/** Returns the properties of every resource of a type. */
export const resourcesOf = (template: Template | undefined, type: string): readonly Properties[] =>
  Object.values(template?.Resources ?? {})
    .filter(({ Type }) => Type === type)
    .map(({ Properties: found = {} }) => found);

export const functionsIn = (template: Template): readonly FunctionResource[] =>
  resourcesOf(template, 'AWS::Lambda::Function') as readonly FunctionResource[]; // CloudFormation's own format

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: Readonly<Record<string, Properties>>;
}

/** Lists the permissions of every function for reviewers, one line for each statement of its role. */
export const accessOf = (template: Template): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries(
    functionsIn(template).map(({ FunctionName, Role }) => {
      const { Policies = [], ManagedPolicyArns: managed = [] } = (template.Resources[logicalId(Role)]
        ?.Properties ?? {}) as {
        readonly Policies?: readonly {
          readonly PolicyDocument: { readonly Statement: readonly Statement[] };
        }[];
        readonly ManagedPolicyArns?: readonly unknown[];
      };
      const attached = resourcesOf(template, 'AWS::IAM::Policy').filter(({ Roles }) =>
        JSON.stringify(Roles).includes(`"${logicalId(Role)}"`),
      );
      return [
        FunctionName,
        [
          ...Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement).map(lineOf),
          ...managed.map((arn) => `all of ${spelled(arn)}`),
          ...attached.map((policy) => `besides: ${JSON.stringify(policy)}`),
        ],
      ];
    }),
  );

const lineOf = ({ Effect, Action, Resource, Condition = {} }: Statement): string => {
  const conditions = Object.entries(Condition).flatMap(([operator, tests]) =>
    Object.entries(tests).map(([key, value]) => `${key} ${operator} ${spelled(value)}`),
  );
  return [
    Effect === 'Deny' ? 'never ' : '',
    [Action].flat().join(', '),
    ' on ',
    [Resource].flat().map(spelled).join(', '),
    conditions.length > 0 ? ` when ${conditions.join(' and ')}` : '',
  ].join('');
};

/** Renders intrinsics as short words such as `<Table.Arn>`, without partition, region and account. */
const spelled = (value: unknown): string => {
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return value.map(spelled).join(', ');
  const [[name, of] = ['', undefined]] = Object.entries(value);
  if (name === 'Fn::Join') {
    const [, parts] = of as [string, readonly unknown[]];
    return parts
      .map(spelled)
      .join('')
      .replace(/^arn:<AWS::Partition>:([^:]*):[^:]*:<AWS::AccountId>:/, '$1 ');
  }
  if (name === 'Fn::ImportValue') {
    return String(of).replace(/^.*ExportsOutputFnGetAtt(.*?)[0-9A-F]{8}([A-Z].*)[0-9A-F]{8}$/, '<$1.$2>');
  }
  return `<${[of].flat().join('.')}>`.replace(/([A-Za-z])[0-9A-F]{8}(?=[.>])/, '$1');
};

const logicalId = (role: unknown): string =>
  role !== null && typeof role === 'object' && 'Fn::GetAtt' in role
    ? String((role['Fn::GetAtt'] as unknown[])[0])
    : '';
