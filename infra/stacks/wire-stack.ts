import { Stack, type StackProps } from 'aws-cdk-lib';
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import type { Construct } from 'constructs';
import type { FunctionSource } from './add-function.ts';
import { addRoutes } from './add-routes.ts';
import type { DataStack } from './data-stack.ts';
import type { FunctionPlan } from './plan-functions.ts';

interface WireStackProps extends StackProps, FunctionSource {
  readonly api: HttpApi;
  readonly data: DataStack;
  readonly plans: readonly FunctionPlan[];
}

/**
 * One of the other wire formats: its routes of the HTTP API and its functions. A stack of its own, because CloudFormation limits a stack to
 * 500 resources.
 */
export class WireStack extends Stack {
  constructor(
    scope: Construct,
    id: string,
    { api, data, plans, deployment, dist, ...props }: WireStackProps,
  ) {
    super(scope, id, props);
    addRoutes(this, plans, { api, data, deployment, dist });
  }
}
